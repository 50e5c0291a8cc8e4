"""Git repositories that tests make."""

import subprocess
from pathlib import Path

IDENTITY = (
    "-c",
    "user.name=Dev",
    "-c",
    "user.email=dev@example.com",
    "-c",
    "init.defaultBranch=main",
)


def git(repository: Path, *arguments: str) -> str:
    command = ["git", *IDENTITY, "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit(repository: Path, subject: str, **files: str) -> str:
    for name, text in files.items():
        (repository / name.replace("_", ".")).write_text(text)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--allow-empty", "-m", subject)
    return git(repository, "rev-parse", "HEAD")

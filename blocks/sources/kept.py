"""Whether git has a file."""

from __future__ import annotations

import os
from pathlib import Path

from blocks.command import run_command


def git_keeps(file: Path) -> bool:
    """Whether a file of a team's folder is in its repository. False where there is no repository,
    or no git."""
    try:
        asked = run_command(
            ("git", "-C", str(file.parent), "ls-files", "--error-unmatch", "--", file.name),
            environment=os.environ,
            timeout_seconds=10,
        )
    except OSError:
        return False
    return asked.exit_code == 0

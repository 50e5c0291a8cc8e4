"""The teams' repositories: Seisei's, of which CI makes images, and the two that are built by a
release."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from examples.cloudlens.make_repository import HERE as CLOUDLENS
from setup.wheels import WHEELS
from tests.field.stand_ins import FOLDER

VERSIONS = ("v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0")
SEISEI, BIZNEXUS, CLOUDLENS_GIT = "seisei-odoo-addons.git", "biznexus.git", "cloudlens.git"
_HOSTS = ("git.seisei.example", "git.cloudlens.example")
_WHO = ("-c", "user.name=mei", "-c", "user.email=mei@example.com")


def make_repositories(folder: Path) -> None:
    """They are found at the addresses that the stack files name, as git is told."""
    _make(folder / SEISEI, *(partial(_write_version, version) for version in VERSIONS))
    biznexus = FOLDER / "biznexus"
    _make(folder / BIZNEXUS, partial(_lay, biznexus / "first"), partial(_lay, biznexus / "second"))
    _make(folder / CLOUDLENS_GIT, _first_cloudlens, _second_cloudlens)
    os.environ["GIT_CONFIG_COUNT"] = str(len(_HOSTS))
    for number, host in enumerate(_HOSTS):
        os.environ[f"GIT_CONFIG_KEY_{number}"] = f"url.{folder}/.insteadOf"
        os.environ[f"GIT_CONFIG_VALUE_{number}"] = f"ssh://git@{host}/"


def commit_of(repository: Path, version: str) -> str:
    return _git(repository, "rev-parse", version)


def check_out(repository: Path, version: str) -> None:
    _git(repository, "checkout", "--quiet", version)


def _make(repository: Path, *changes: Callable[[Path], object]) -> None:
    """A tag of `VERSIONS` for each change."""
    repository.mkdir(parents=True)
    _git(repository, "init", "--quiet", "--initial-branch", "main")
    for version, change in zip(VERSIONS, changes, strict=False):
        change(repository)
        _git(repository, "add", "--all")
        _git(repository, *_WHO, "commit", "--quiet", "--message", version)
        _git(repository, "tag", version)


def _write_version(version: str, repository: Path) -> None:
    (repository / "VERSION").write_text(version)


def _lay(files: Path, repository: Path) -> None:
    shutil.copytree(files, repository, dirs_exist_ok=True)


def _first_cloudlens(repository: Path) -> None:
    _lay(CLOUDLENS / "base", repository)
    _lay(WHEELS, repository / "wheels")
    _lay(FOLDER / "cloudlens", repository)
    _add_route(repository)


def _second_cloudlens(repository: Path) -> None:
    for change in ("v1.1.0-table", "v1.1.0"):
        _lay(CLOUDLENS / "versions" / change, repository)
    _add_route(repository)


def _add_route(repository: Path) -> None:
    """By which visitors write."""
    file = repository / "cloudlens" / "app.py"
    text = file.read_text().replace("import bills,", "import bills, notes,")
    route = 'routes=[\n        Route("/api/notes", notes.add, methods=["POST"]),'
    file.write_text(text.replace("routes=[", route))


def _git(repository: Path, *words: str) -> str:
    said = subprocess.run(
        ["git", "-C", repository, *words], check=True, capture_output=True, text=True, timeout=60
    )
    return said.stdout.strip()

"""An application that runs by `docker compose up` before Tidegate comes, as its team started it a
year ago."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from setup import compose
from tests.field.team import ENV_FILES, Team

UP_SECONDS = 600


@contextmanager
def running_by_hand(team: Team) -> Iterator[None]:
    """The first version; its containers are healthy. At the end they are gone with their volumes,
    whatever Tidegate made of them."""
    _files_of(team, team.app.versions[0])
    _compose(team, "up", "--detach", "--build", "--wait")
    _files_of(team, "main")
    try:
        yield
    finally:
        _compose(team, "down", "--volumes", "--timeout", "5")


def _files_of(team: Team, version: str) -> None:
    subprocess.run(
        ["git", "-C", team.folder, "checkout", "--quiet", version, "--", "."],
        check=True,
        timeout=60,
    )


def _compose(team: Team, *words: str) -> None:
    _, _, command = compose.find()
    said = subprocess.run(
        [*command, "--project-name", team.stack, "--env-file", ENV_FILES["prod"], *words],
        cwd=team.folder,
        env={**os.environ, "COMPOSE_BAKE": "false"},
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        check=False,
    )
    assert said.returncode == 0, said.stderr

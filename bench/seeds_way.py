"""The way of both seed documents: `docker compose up -d` with another image tag, `sleep 10`, `curl
--fail`."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.measuring import Measured, measure
from bench.tidegate_way import NEW, OLD
from setup.compose import find
from tidegate.stack.envfile import read_env

SERVICE = "backend"


@dataclass(frozen=True)
class ComposeStack:
    """The same compose file, started as it stands, with its host port."""

    folder: Path
    project: str
    port: int

    def up(self, version: str) -> None:
        self._compose("up", "-d", "--no-deps", SERVICE, IMAGE_TAG=version)

    def up_all(self, version: str) -> None:
        self._compose("up", "-d", "--wait", IMAGE_TAG=version)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def down(self) -> None:
        self._compose("down", "-v", "-t", "1", IMAGE_TAG=OLD)

    def _compose(self, *words: str, **variables: str) -> str:
        _, _, command = find()
        environment = {
            **os.environ,
            **read_env(self.folder / ".env.production"),
            "BACKEND_PORT": str(self.port),
            **variables,
        }
        ended = subprocess.run(
            [*command, "-p", self.project, "-f", str(self.folder / "docker-compose.yml"), *words],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, f"docker compose {' '.join(words)}: {ended.stderr}"
        return ended.stdout


def seeds_way(stack: ComposeStack, domain: str, app: str) -> Iterator[Measured]:
    """A release and the way back; the images are on the engine already, so `pull` costs nothing
    here."""
    for what, version in (
        ("docker compose up -d: release", NEW),
        ("docker compose up -d: back", OLD),
    ):
        yield measure(what, app, stack.url, domain, version, partial(_deploy, stack, version))


def _deploy(stack: ComposeStack, version: str) -> None:
    stack.up(version)
    time.sleep(10)  # as the seeds do, before they ask whether it works

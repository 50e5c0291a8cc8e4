"""What is taken away around a release: containers, disk, database."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocks.docker.host import DockerHost
from tests.installation import Installation, domain_of


def stop_newest(tidegate: Installation, stack: str) -> None:
    project = f"com.docker.compose.project={tidegate.history(stack)[0].slot}"
    for container in DockerHost().client.containers.list(filters={"label": project}):
        container.stop(timeout=1)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system in place of `folder` that is smaller than one table: an engine's estimate of
    small databases varies."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def wait_until_database_answers(tidegate: Installation, stack: str) -> None:
    end = time.monotonic() + 60
    while tidegate.get(domain_of(stack, "prod"), "/ready").status_code != 200:
        assert time.monotonic() < end, "the application did not find its database again"
        time.sleep(0.5)

"""What a command prints in a container of its own.

By the product's runner, which is attached before the start: docker-py's `containers.run(remove=True)`
reads the log after it has removed the container, and on a busy machine returns nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from blocks.docker.host import DockerHost
from tidegate.facts import Job


def printed_in(
    host: DockerHost,
    image: str,
    *command: str,
    network: str = "none",
    volumes: Mapping[str, str] = {},
) -> str:
    """`volumes` is the name of each -> its path inside."""
    job = Job(f"test/{uuid4().hex}", image, command, networks=(network,), volumes=volumes)
    outcome = host.run(job)
    assert outcome.exit_code == 0, outcome
    return outcome.stdout

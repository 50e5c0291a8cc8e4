"""Everything of one environment taken off an engine, its data too: only a demo that begins anew
asks for that."""

from __future__ import annotations

import contextlib

from docker.errors import NotFound

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from tidegate.facts import PROJECT_LABEL


def forget_environment(host: DockerHost, stack: str, environment: str) -> None:
    """Remove its containers, networks and volumes. Again: changes nothing. Raises EngineError."""
    base = f"{PROJECT_LABEL}={stack}-{environment}"
    with engine_errors(f"removing {stack} {environment}"):
        for label in (base, f"tidegate.environment={environment}"):
            for container in host.client.containers.list(all=True, filters={"label": [label]}):
                if container.labels.get("tidegate.stack", stack) == stack:
                    container.remove(force=True, v=True)
        for kind in (host.client.networks, host.client.volumes):
            for found in kind.list(filters={"label": [base]}):
                with contextlib.suppress(NotFound):
                    found.remove()

"""What `docker compose run` leaves, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.world.engine import MemoryEngine
from tidegate.facts import ONE_OFF_LABEL, ContainerFacts


def run_one_off(
    engine: MemoryEngine, project: str, service: str, **state: object
) -> ContainerFacts:
    """The container of a command in a service of `project`, which has ended unless `state` says
    another thing."""
    [like] = [one for one in engine.of(project) if one.service == service]
    engine.made += 1
    name = f"{project}-{service}-run-{engine.made}"
    ended = replace(
        like,
        id=f"c{engine.made}",
        name=name,
        state="exited",
        health="none",
        labels={**like.labels, ONE_OFF_LABEL: "True"},
        started_at=datetime.now(UTC),
    )
    engine.containers_by_name[name] = replace(ended, **state)  # type: ignore[arg-type]
    engine.volumes_mounted[name] = engine.volumes_mounted[like.name]
    return engine.containers_by_name[name]

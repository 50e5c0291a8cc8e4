"""MILL: a stack in English that asks a person before production."""

from __future__ import annotations

from uuid import UUID

from blocks.docker.host import DockerHost
from tests.e2e.releases import start, state_of, suspended, wait
from tests.installation import MILL, Installation, domain_of
from tidegate.ledger.tables import Deployment


def waiting_release(version: str) -> UUID:
    """A release that waits for its approval."""
    run = start("release/prod", stack=MILL, version=version, watch_seconds=1, requested_by="mei")
    suspended(run)
    return run


def asked_again(run: UUID) -> None:
    """After an answer: the run goes on, and waits once more."""
    wait(run, lambda state: not state.is_paused())
    suspended(run)


def newest(tidegate: Installation) -> Deployment:
    return tidegate.history(MILL)[0]


def is_waiting(tidegate: Installation) -> bool:
    """Whether a release has come to its question."""
    return bool(tidegate.history(MILL)) and state_of(UUID(newest(tidegate).run_id)).is_paused()


def serving(tidegate: Installation, environment: str) -> str:
    """The version that a visitor gets."""
    return str(tidegate.get(domain_of(MILL, environment)).json()["version"])


def serving_number(tidegate: Installation) -> int:
    """The deployment that a visitor of production gets."""
    return int(
        tidegate.get(domain_of(MILL, "prod")).headers["X-Tidegate-Deployment"].rsplit("/", 1)[-1]
    )


def containers() -> set[str]:
    """What runs or is kept of production."""
    return {
        one.name
        for one in DockerHost().containers({"tidegate.stack": MILL, "tidegate.environment": "prod"})
    }

"""A release and its way back with Tidegate: warm while it is watched, and cold after."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from uuid import UUID

from bench.measuring import Measured, measure
from tests.e2e.releases import ended, released, start
from tests.installation import Installation, domain_of
from tidegate.states import DeploymentState

OLD, NEW = "v1.1.0", "v1.4.0"
LONG_WATCH_SECONDS = 120


def tidegate_way(tidegate: Installation, stack: str, app: str) -> Iterator[Measured]:
    """Release, warm rollback, release again, cold rollback; the stack serves `OLD` before and after."""
    take = partial(measure, app=app, base_url=tidegate.plane.edge_url, domain=domain_of(stack, "prod"))
    runs: list[UUID] = []
    yield take("Tidegate: release", version=NEW, change=lambda: runs.append(_release(tidegate, stack, LONG_WATCH_SECONDS)))
    yield take("Tidegate: rollback, warm", version=OLD, change=lambda: _roll_back(stack))
    ended(runs[0])
    _lift(tidegate, stack)
    state = released(stack=stack, version=NEW, watch_seconds=1)
    assert state.is_completed(), state.message
    yield take("Tidegate: rollback, cold", version=OLD, change=lambda: _roll_back(stack))
    _lift(tidegate, stack)


def _release(tidegate: Installation, stack: str, watch_seconds: int) -> UUID:
    run = start("release/prod", stack=stack, version=NEW, watch_seconds=watch_seconds)
    while tidegate.history(stack)[0].state is not DeploymentState.WATCHING:
        time.sleep(0.2)
    return run


def _roll_back(stack: str) -> None:
    state = ended(start("rollback/prod", stack=stack, reason="measured"))
    assert state.is_completed(), state.message


def _lift(tidegate: Installation, stack: str) -> None:
    for hold in tidegate.ledger.holds.active(stack):
        tidegate.ledger.holds.lift(stack, hold.commit, lifted_by="bench", reason="measured again")

"""FERRY: a stack that goes to production without asking, and back."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from docker.models.containers import Container

from tests.e2e.in_process import database_of, edit_stack, engine, release_here, roll_back_here
from tests.installation import FERRY, Installation
from tidegate.ledger.tables import Deployment

MOST_SECONDS = 120


def wait_until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + MOST_SECONDS
    while not seen():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def good(tidegate: Installation, version: str) -> Deployment:
    """Released, whatever was on hold."""
    for hold in tidegate.ledger.holds.active(FERRY):
        tidegate.ledger.holds.lift(FERRY, hold.commit, lifted_by="tester")
    state = release_here(FERRY, version)
    assert state.is_completed(), state.message
    return newest(tidegate)


def newest(tidegate: Installation) -> Deployment:
    return tidegate.history(FERRY)[0]


def evidence(tidegate: Installation, deployment: Deployment, step: str) -> dict[str, Any]:
    rows = {row.name: row for row in tidegate.ledger.journal.steps(deployment.id)}
    assert rows[step].is_done
    return dict(rows[step].evidence)


def done(tidegate: Installation, deployment: Deployment, step: str) -> bool:
    return any(
        row.name == step and row.is_done for row in tidegate.ledger.journal.steps(deployment.id)
    )


def on_hold(tidegate: Installation) -> set[str]:
    return {hold.version for hold in tidegate.ledger.holds.active(FERRY)}


def revision(tidegate: Installation) -> str | None:
    return database_of(tidegate, FERRY).revision()


def sql(tidegate: Installation, text: str) -> None:
    database_of(tidegate, FERRY).restore(io.BytesIO(text.encode()))


def went_back(tidegate: Installation, **asked: str) -> Deployment:
    """A rollback that succeeded."""
    state = roll_back_here(FERRY, **asked)
    assert state.is_completed(), state.message
    return newest(tidegate)


def refused(**asked: str) -> str:
    """What a rollback says that failed."""
    state = roll_back_here(FERRY, **asked)
    assert state.is_failed()
    return state.message or ""


def containers_of(tidegate: Installation, slot: str) -> list[Container]:
    found = engine(tidegate).containers({"com.docker.compose.project": slot})
    return [engine(tidegate).client.containers.get(one.id) for one in found]


def keep_warm(tidegate: Installation, is_kept: bool) -> None:
    """Whether the slot of before runs on after a release, from now on."""
    edit_stack(
        tidegate, FERRY, lambda content: content["environments"]["prod"].update(keep_warm=is_kept)
    )

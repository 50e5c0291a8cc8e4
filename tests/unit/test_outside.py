"""Numbers and fences go on above what the edge and the backups show, whatever the ledger knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.frame.outside import highest_fence, highest_number, refuse_known
from tests.unit.ledger_parts import deploy, record_release
from tidegate.edge.facts import Target
from tidegate.errors import BackupError, EdgeError, LedgerError
from tidegate.ledger import Ledger

BROKEN_ROUTE = EdgeError("reading", "it is broken", "Look why")
BROKEN_FOLDER = BackupError("listing", "it cannot be read", "Look why")


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


def env(route: Any = None, backups: Any = ()) -> Any:
    """An error is raised where it is asked for."""
    return SimpleNamespace(
        stack=SimpleNamespace(name="shop"),
        name="prod",
        edge=SimpleNamespace(route=lambda stack, environment: _given(route)),
        backups=SimpleNamespace(names=lambda: _given(backups)),
    )


def _given(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


def route(*targets: int, standby: int = 0, candidate: int = 0, fence: int = 7) -> Any:
    def target(number: int) -> Target | None:
        return Target(number, f"http://shop-prod-{number}-web:8000") if number else None

    return SimpleNamespace(
        targets=tuple(map(target, targets)),
        standby=target(standby),
        candidate=target(candidate),
        fence=fence,
    )


@pytest.mark.parametrize(
    ("seen", "highest"),
    [
        (env(), 0),
        (env(route(3)), 3),
        (env(route(3, standby=2, candidate=4)), 4),
        (env(route(4), ["shop-prod-2-2", "shop-prod-6-6"]), 6),
        (env(None, ["shop-prod-10-12", "by-hand", "of-2026-01-01-long-ago"]), 12),
        (env(BROKEN_ROUTE, ["shop-prod-6-6"]), 6),
        (env(route(3), BROKEN_FOLDER), 3),
        (env(BROKEN_ROUTE, BROKEN_FOLDER), 0),
    ],
)
def test_the_highest_number_is_that_of_the_route_or_of_a_backup(seen: Any, highest: int) -> None:
    assert highest_number(seen) == highest


@pytest.mark.parametrize(("there", "fence"), [(None, 0), (route(3, fence=7), 7), (BROKEN_ROUTE, 0)])
def test_the_highest_fence_is_that_of_the_route(there: Any, fence: int) -> None:
    assert highest_fence(env(there)) == fence


@pytest.mark.parametrize(
    ("seen", "is_known"),
    [
        (env(route(3), ["shop-prod-2-2"]), False),
        (env(route(5)), False),  # a rollback came in between
        (env(route(4)), True),
        (env(route(3), ["shop-prod-4-4"]), True),
    ],
)
def test_what_never_began_is_refused_where_its_number_is_known(seen: Any, is_known: bool) -> None:
    work: Any = SimpleNamespace(
        env=seen, title="shop prod #4", deployment=SimpleNamespace(number=4)
    )
    refused = pytest.raises(LedgerError, match="it gets another number")
    with refused if is_known else nullcontext():
        refuse_known(work)


def test_a_deployment_is_numbered_above_what_is_known_outside(ledger: Ledger) -> None:
    first, release = deploy(ledger, "v1"), record_release(ledger, "v2")

    def opened(key: str, above: int) -> int:
        return ledger.deployments.open(
            key=key,
            release_id=release.id,
            environment="prod",
            requested_by="mei",
            run_id="run-9",
            above=above,
        ).number

    assert [first.number, opened("a", 0), opened("b", 7), opened("c", 3)] == [1, 2, 8, 9]
    assert opened("b", 20) == 8


def test_a_lock_has_a_fence_above_what_is_known_outside(ledger: Ledger) -> None:
    first = ledger.locks.acquire("shop", "prod", "a", 60, above=7)
    ledger.locks.release(first)
    second = ledger.locks.acquire("shop", "prod", "b", 60, above=3)
    assert [first.fence, second.fence] == [8, 9]

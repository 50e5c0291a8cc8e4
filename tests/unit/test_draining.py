"""How long old containers go on for the requests that they began, and how long those may take that
nobody is served beside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.slots import containers, in_place
from tasks.slots.containers import _drain
from tasks.slots.in_place import beside_old, most_outage_seconds, outage_of, outage_until_now

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def drained(monkeypatch: pytest.MonkeyPatch, since: float | None, seconds: int = 20) -> list[float]:
    """The pauses of a slot that served until `since` seconds ago."""
    slept, moment = list[float](), None if since is None else NOW - timedelta(seconds=since)
    monkeypatch.setattr(containers, "datetime", SimpleNamespace(now=lambda zone: NOW))
    monkeypatch.setattr(containers, "time", SimpleNamespace(sleep=slept.append))
    row = SimpleNamespace(switched_at=moment)
    env = SimpleNamespace(
        ledger=SimpleNamespace(deployments=SimpleNamespace(get=lambda id: row)),
        config=SimpleNamespace(drain_seconds=seconds),
    )
    work: Any = SimpleNamespace(env=env, deployment=SimpleNamespace(id="a"))
    with disable_run_logger():
        _drain(work)
    return slept


@pytest.mark.parametrize(
    ("since", "slept"), [(0, [20]), (5, [15]), (19.5, [0.5]), (20, []), (300, []), (None, [20])]
)
def test_requests_have_their_time_from_the_switch_on(
    monkeypatch: pytest.MonkeyPatch, since: float | None, slept: list[float]
) -> None:
    assert drained(monkeypatch, since) == slept


def environment(*alone: str, serving: object = None) -> Any:
    services = [
        SimpleNamespace(name=name, stop_grace_seconds=grace, start_budget_seconds=budget)
        for name, grace, budget in (("web", 10, 60), ("api", 30, 50), ("beat", 100, 100))
    ]
    current = SimpleNamespace(current=lambda stack, environment: serving)
    return SimpleNamespace(
        stack=SimpleNamespace(name="shop", services=services),
        name="prod",
        alone=frozenset(alone),
        released=["web", "api", "beat"],
        ledger=SimpleNamespace(deployments=current),
        routed=[SimpleNamespace(service=one) for one in services[:2]],
        known=[],
    )


@pytest.mark.parametrize(
    ("alone", "seconds"),
    [((), 0), (("beat",), 0), (("web",), 70), (("api", "beat"), 80), (("web", "api"), 80)],
)
def test_nobody_is_served_for_as_long_as_the_slowest_takes_to_stop_and_start(
    alone: tuple[str, ...], seconds: int
) -> None:
    """Of those that people are sent to: others keep nobody waiting."""
    assert most_outage_seconds(environment(*alone)) == seconds


def test_one_that_never_runs_twice_takes_the_room_of_its_like() -> None:
    assert beside_old(environment("beat", serving="v1")) == ["web", "api"]
    assert beside_old(environment("beat")) == ["web", "api", "beat"]


def work_with(**rows: Any) -> Any:
    journal = SimpleNamespace(get=lambda key: rows.get(key.replace("-", "_")))
    return SimpleNamespace(
        env=SimpleNamespace(ledger=SimpleNamespace(journal=journal)), key=lambda step: step
    )


def test_how_long_nobody_was_served_is_told_to_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_place, "datetime", SimpleNamespace(now=lambda zone: NOW))
    begins = in_place.BEGINS.replace("-", "_")
    begun = SimpleNamespace(started_at=NOW - timedelta(seconds=3.14))
    assert outage_until_now(work_with(**{begins: begun})) == {"outage_seconds": 3.1}
    assert outage_until_now(work_with()) == {}


@pytest.mark.parametrize(("is_done", "seconds"), [(True, 3.1), (False, None)])
def test_it_is_known_when_the_switch_is_done(is_done: bool, seconds: float | None) -> None:
    row = SimpleNamespace(is_done=is_done, evidence={"outage_seconds": 3.1})
    assert outage_of(work_with(shift_traffic=row)) == seconds
    assert outage_of(work_with()) is None
    beside = SimpleNamespace(is_done=True, evidence={})
    assert outage_of(work_with(shift_traffic=beside)) is None

"""The smoke checks that are asked again while a new version is watched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flows.release import release
from tasks.traffic import watches
from tests.flows.asking import answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults, serving
from tests.flows.stories import Story, settle
from tests.world.edge import MemoryVisitors
from tidegate.edge.probing import SmokeVisit
from tidegate.errors import EdgeError
from tidegate.facts import CheckResult

Smoke = Callable[[MemoryVisitors, SmokeVisit], list[CheckResult]]


@pytest.fixture
def made(library: Library, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The checks are asked at each look of the watch."""
    monkeypatch.setattr(watches, "SMOKE_EVERY_SECONDS", 0.0)
    made = library.begin(Story("a release that is watched", release, {}))
    made.prefect.answer = answering("approve")
    return made


def while_watched(
    made: Installation, monkeypatch: pytest.MonkeyPatch, otherwise: Smoke
) -> list[SmokeVisit]:
    """What the checks find in the watch. Returns how often they were asked there."""
    asks: Smoke = MemoryVisitors.smoke
    seen: list[SmokeVisit] = []

    def smoke(visitors: MemoryVisitors, asked: SmokeVisit) -> list[CheckResult]:
        if not made.world.moments.step.endswith("/watch"):
            return asks(visitors, asked)
        seen.append(asked)
        return otherwise(visitors, asked)

    monkeypatch.setattr(MemoryVisitors, "smoke", smoke)
    return seen


def test_a_check_that_fails_later_brings_the_old_version_back(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = serving(made)
    while_watched(
        made,
        monkeypatch,
        lambda _, asked: [CheckResult("home", "fail", "no price on it", 0.01)],
    )
    state = made.prefect.start(release, **asked("v1.0.1", watch_seconds=60)).state
    assert state.is_failed()
    assert "home: no price on it" in str(state.message)
    assert serving(made) == began
    assert [*settle(made), *faults(made, began)] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "exited"}, "is exited"),
        ({"health": "unhealthy"}, "is running (unhealthy)"),
        ({"restarts": 1}, "restarted 1 times"),
    ],
)
def test_a_container_that_fails_later_brings_the_old_version_back(
    made: Installation, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], said: str
) -> None:
    began, asks = serving(made), MemoryVisitors.smoke

    def fail(visitors: MemoryVisitors, visit: SmokeVisit) -> list[CheckResult]:
        made.world.engine.state("shop-prod-2-worker-2-1", **changes)
        return asks(visitors, visit)

    while_watched(made, monkeypatch, fail)
    state = made.prefect.start(release, **asked("v1.0.1", watch_seconds=60)).state
    assert state.is_failed()
    assert "shop-prod-2-worker-2-1 is " in str(state.message)
    assert said in str(state.message)
    assert serving(made) == began
    assert [*settle(made), *faults(made, began)] == []


def test_an_edge_that_is_away_for_a_moment_is_waited_for(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks: Smoke = MemoryVisitors.smoke
    away = [EdgeError("asking", "it is away", "Start it") for _ in range(3)]

    def seldom(visitors: MemoryVisitors, visit: SmokeVisit) -> list[CheckResult]:
        if away:
            raise away.pop()
        return asks(visitors, visit)

    seen = while_watched(made, monkeypatch, seldom)
    state = made.prefect.start(release, **asked("v1.0.1", watch_seconds=1)).state
    assert state.is_completed(), state.message
    assert len(seen) > 3


def test_an_edge_that_stays_away_judges_no_version(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "EDGE_AWAY_SECONDS", 0.0)

    def never(visitors: MemoryVisitors, visit: SmokeVisit) -> list[CheckResult]:
        raise EdgeError("asking", "it is away", "Start it")

    while_watched(made, monkeypatch, never)
    state = made.prefect.start(release, **asked("v1.0.1", watch_seconds=60)).state
    assert state.is_failed()
    assert "it is away" in str(state.message)

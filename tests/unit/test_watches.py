"""The minutes after a switch: how often is looked, and what is worse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.traffic import watches
from tasks.traffic.watches import watch_release
from tests.unit.test_warmth import container
from tidegate.errors import EdgeError, RegressionError
from tidegate.facts import ONE_SHOT_LABEL, CheckResult, ContainerFacts
from tidegate.policy.thresholds import Verdict

AWAY = EdgeError("asking", "it is away", "Start it")
PASSED = CheckResult("home", "pass", "200", 0.01)
FAILED = CheckResult("home", "fail", "no price", 0.01)


class Watched:
    """A version that was switched to at 1000 s and is watched for some seconds."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now, self.fenced, self.asked, self.away_until = 1000.0, 0, list[float](), 0.0
        self.containers = [container("web-7")]
        self.failures, self.verdict = list[Any](), "ok"
        self.checks, self.switched_at = [PASSED], 1000.0
        self.seconds = 20
        clock = SimpleNamespace(time=lambda: self.now, sleep=self._sleep)
        patch.setattr(watches, "time", clock)
        patch.setattr(watches, "planned", lambda work: SimpleNamespace(watch_seconds=self.seconds))
        patch.setattr(watches, "baseline_of", lambda deployment: None)
        patch.setattr(watches, "SlidingWindow", lambda *_: SimpleNamespace(judge=self._judge))
        patch.setattr(watches, "slot_state", lambda env, project: self.containers)
        patch.setattr(watches, "last_lines_of", lambda env, container: "")
        patch.setattr(watches, "smoke_public_door", lambda *_: self._smoke())

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def _judge(self) -> Verdict:
        return Verdict(self.verdict, ("too many errors",))  # type: ignore[arg-type]

    def _smoke(self) -> list[CheckResult]:
        self.asked.append(self.now - 1000)
        if self.now < 1000 + self.away_until:
            raise AWAY
        return self.checks

    def _check_fence(self) -> None:
        self.fenced += 1

    def watch(self) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.switched_at, UTC) if self.switched_at else None
        row = SimpleNamespace(switched_at=moment)
        work: Any = SimpleNamespace(
            env=SimpleNamespace(
                ledger=SimpleNamespace(deployments=SimpleNamespace(get=lambda one: row))
            ),
            deployment=SimpleNamespace(id="a", number=7),
            title="shop prod #7",
            project="shop-prod-7",
            version="v1",
            check_fence=self._check_fence,
        )
        witness: Any = SimpleNamespace(failures=lambda most: self.failures[:most])
        found: dict[str, Any] = watch_release.fn.__wrapped__(work, witness)  # type: ignore[attr-defined]
        return found


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    with disable_run_logger():
        yield Watched(monkeypatch)


def test_it_is_looked_at_each_second_until_the_time_is_over(watched: Watched) -> None:
    assert watched.watch() == {"seconds": 20, "looks": 20}
    assert watched.now == 1020
    assert watched.fenced == 20


def test_what_is_left_of_the_time_since_the_switch_is_watched(watched: Watched) -> None:
    watched.now = 1015
    assert watched.watch() == {"seconds": 20, "looks": 5}
    watched.now, watched.switched_at = 5000.0, 0.0
    assert watched.watch() == {"seconds": 20, "looks": 20}


def test_the_checks_are_asked_again_every_fifteen_seconds(watched: Watched) -> None:
    watched.seconds = 50
    watched.watch()
    assert watched.asked == [15, 30, 45]


@pytest.mark.parametrize(
    ("state", "health"), [("exited", "none"), ("paused", "healthy"), ("running", "unhealthy")]
)
def test_a_container_that_fails_is_worse(watched: Watched, state: str, health: Any) -> None:
    watched.containers = [container("web-7"), container("worker-7", health, state)]
    with pytest.raises(RegressionError, match=rf"worker-7 is {state} \({health}\)"):
        watched.watch()
    assert watched.now == 1000


def test_one_that_has_no_check_or_has_done_its_work_is_well(watched: Watched) -> None:
    done = {**vars(container("seed", "none", "exited")), "labels": {ONE_SHOT_LABEL: "yes"}}
    watched.containers = [container("web-7", "none"), ContainerFacts(**done)]
    assert watched.watch()["looks"] == 20


@pytest.mark.parametrize(("reached", "others", "is_worse"), [(5, 9, False), (6, 0, True)])
def test_more_than_five_requests_that_failed_there_are_worse(
    watched: Watched, reached: int, others: int, is_worse: bool
) -> None:
    """What never reached the application says nothing about it."""
    watched.failures = [
        *(SimpleNamespace(reached=False) for _ in range(others)),
        *(SimpleNamespace(reached=True, number=number) for number in range(reached)),
    ]
    if not is_worse:
        assert watched.watch()["looks"] == 20
        return
    with pytest.raises(RegressionError, match=r"6 requests through the edge failed; .*number=0"):
        watched.watch()


@pytest.mark.parametrize("verdict", ["no_data", "ok"])
def test_figures_that_are_not_worse_let_it_stay(watched: Watched, verdict: str) -> None:
    watched.verdict = verdict
    assert watched.watch()["looks"] == 20


def test_figures_that_are_worse_end_it(watched: Watched) -> None:
    watched.verdict = "worse"
    with pytest.raises(RegressionError, match="too many errors"):
        watched.watch()


def test_a_check_that_fails_ends_it(watched: Watched) -> None:
    watched.checks = [PASSED, FAILED]
    with pytest.raises(RegressionError, match="home: no price"):
        watched.watch()
    assert watched.asked == [15]


@pytest.mark.parametrize("away", [60, 75])
def test_an_edge_that_is_away_is_waited_for_a_minute(watched: Watched, away: float) -> None:
    watched.away_until = away
    watched.watch()
    assert watched.asked[-1] == max(away, 15)


def test_an_edge_that_stays_away_for_longer_judges_no_version(watched: Watched) -> None:
    watched.away_until = 200
    with pytest.raises(EdgeError, match="it is away"):
        watched.watch()
    assert watched.asked == [15 + seconds for seconds in range(62)]

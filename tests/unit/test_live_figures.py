"""The figures of the last seconds while a new version is watched, and one look at what serves: since
when it is worse, and how often in a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.traffic import live
from tasks.traffic.live import SlidingWindow, baseline_of, look_at
from tasks.traffic.samples import Taken, alone_with_memory, recall
from tests.unit.ledger_parts import deploy
from tidegate.edge.counters import TOTAL, MetricsSample
from tidegate.errors import EdgeError
from tidegate.facts import CheckResult
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.thresholds import LiveFigures
from tidegate.secrecy.redaction import Redactor
from tidegate.settings import Settings
from tidegate.stack.showing import Watch

AWAY = EdgeError("reading its counters", "no answer", "Start it")
PASSED = CheckResult("home", "pass", "200", 0.01)
FAILED = CheckResult("home", "fail", "no price", 0.01)
BEGIN = datetime(2026, 11, 28, 12, tzinfo=UTC)


def sample(requests: int, errors: int = 0) -> MetricsSample:
    counted = (("200", requests - errors), ("500", errors))
    return MetricsSample(
        1.0, {(TOTAL, frozenset({("code", code)})): float(count) for code, count in counted}
    )


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


# --- while a new version is watched ---


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What it is told of: `at(seconds, sample, own)` is one more look."""
    told: dict[str, Any] = {"own": 0}
    witness = SimpleNamespace(
        figures=lambda: SimpleNamespace(by_version={"shop/prod/7": told["own"]})
    )
    work = SimpleNamespace(
        env=SimpleNamespace(stack=SimpleNamespace(watch=Watch(least_requests=20))),
        deployment=SimpleNamespace(number=7),
        served="shop/prod/7",
    )
    made: Any = SlidingWindow(work, witness, None)  # type: ignore[arg-type]

    def take(*_: object) -> Taken:
        if isinstance(told["taken"], EdgeError):
            raise told["taken"]
        taken: Taken = told["taken"]
        return taken

    def at(seconds: float, seen: MetricsSample, own: int = 0) -> Any:
        told.update(taken=Taken(seconds, seen), own=own)
        return made.judge()

    def away() -> Any:
        told["taken"] = AWAY
        return made.judge()

    monkeypatch.setattr(live, "take", take)
    made.at, made.away = at, away
    return made


def test_only_what_came_in_the_last_twenty_seconds_counts(window: Any) -> None:
    window.at(0, sample(0))
    window.at(10, sample(100, errors=100))
    window.at(29, sample(200, errors=100))
    assert window.figures() == LiveFigures(200, 100, None)
    window.at(30, sample(300, errors=100))
    assert window.figures() == LiveFigures(200, 0, None)


def test_two_samples_are_kept_however_long_ago_the_first_was(window: Any) -> None:
    window.at(0, sample(0))
    window.at(100, sample(50))
    assert window.figures().requests == 50
    window.at(200, sample(90))
    assert window.figures().requests == 40


def test_requests_of_our_own_would_dilute_errors_and_do_not_count(window: Any) -> None:
    window.at(0, sample(0), own=10)
    window.at(1, sample(100, errors=4), own=40)
    assert window.figures() == LiveFigures(70, 4, None)
    window.at(2, sample(110, errors=9), own=200)
    assert window.figures() == LiveFigures(9, 9, None)


def test_a_version_that_was_not_asked_by_us_has_all_its_requests(window: Any) -> None:
    window.work.served = "shop/prod/8"
    window.at(0, sample(0), own=10)
    window.at(1, sample(100), own=40)
    assert window.figures().requests == 100


def test_errors_are_worse_and_counters_that_cannot_be_read_say_nothing(window: Any) -> None:
    assert window.at(0, sample(0)).outcome == "no_data"
    assert window.at(1, sample(100, errors=50)).outcome == "worse"
    assert (window.away().outcome, window.away().reasons) == ("no_data", ("no answer",))


def test_the_baseline_is_what_was_noted() -> None:
    noted = {"baseline": {"requests": 10.0, "errors": 1.0, "p95_seconds": 0.5}}
    assert baseline_of(Deployment(figures=noted)) == LiveFigures(10, 1, 0.5)
    assert baseline_of(Deployment(figures={})) is None


# --- one look at what serves ---


class Seen:
    """One environment that is looked at again and again."""

    def __init__(self, env: Any, patch: pytest.MonkeyPatch) -> None:
        self.env, self.now, self.counted = env, BEGIN, sample(0)
        self.checks: list[CheckResult] | EdgeError = [PASSED]
        self.replaced = False
        patch.setattr(live, "datetime", SimpleNamespace(now=lambda zone: self.now))
        patch.setattr(live, "ask", lambda env, serving: self._answers())
        patch.setattr(live, "take", lambda *_: Taken(self.now.timestamp(), self.counted))
        patch.setattr(live, "replaced_now", lambda env: self.replaced)

    def _answers(self) -> list[CheckResult]:
        if isinstance(self.checks, EdgeError):
            raise self.checks
        return self.checks

    def look(self, minutes: float = 0) -> Any:
        self.now = BEGIN + timedelta(minutes=minutes)
        return look_at.fn(self.env)

    def said(self, minutes: float = 0) -> tuple[str, str]:
        look = self.look(minutes).look
        return look.outcome, look.severity


@pytest.fixture
def seen(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seen:
    env = SimpleNamespace(
        ledger=ledger,
        name="prod",
        base_project="cloudlens-prod",
        stack=SimpleNamespace(name="cloudlens", watch=Watch(least_requests=20)),
        settings=Settings(home=tmp_path),
        redactor=Redactor({"PASSWORD": "hunter2-hunter2"}),
    )
    return Seen(env, monkeypatch)


def test_where_nothing_serves_or_a_release_takes_its_place_there_is_nothing_to_see(
    seen: Seen, ledger: Ledger
) -> None:
    assert seen.look() is None
    serving = deploy(ledger)
    assert seen.look().deployment.id == serving.id
    seen.replaced = True
    assert seen.look() is None


def test_while_another_look_goes_on_there_is_none(seen: Seen, ledger: Ledger) -> None:
    deploy(ledger)
    with alone_with_memory(seen.env):
        assert seen.look() is None
    assert seen.look() is not None


def test_checks_that_fail_twice_in_a_row_are_worse_since_the_second_time(
    seen: Seen, ledger: Ledger
) -> None:
    deploy(ledger)
    seen.checks = [FAILED]
    assert seen.said(0) == ("unsure", "red")
    assert seen.said(1) == ("worse", "red")
    assert seen.look(2).since == BEGIN + timedelta(minutes=1)
    seen.checks = [PASSED]
    assert seen.said(3) == ("ok", "green")
    seen.checks = [FAILED]
    assert seen.said(4) == ("unsure", "red")
    seen.look(5)
    assert seen.look(6).since == BEGIN + timedelta(minutes=5)


def test_an_edge_that_is_away_twice_in_a_row_is_worse(seen: Seen, ledger: Ledger) -> None:
    deploy(ledger)
    seen.checks = AWAY
    assert seen.said(0)[0] == "unsure"
    assert seen.said(1)[0] == "worse"
    seen.checks = [PASSED]
    assert seen.said(2)[0] == "ok"
    seen.checks = AWAY
    assert seen.said(3)[0] == "unsure"


def test_an_edge_that_is_away_and_checks_that_fail_are_one_row(seen: Seen, ledger: Ledger) -> None:
    deploy(ledger)
    seen.checks = [FAILED]
    assert seen.said(0)[0] == "unsure"
    seen.checks = AWAY
    assert seen.said(1)[0] == "worse"


def test_what_is_unsure_does_not_end_what_is_worse(seen: Seen, ledger: Ledger) -> None:
    deploy(ledger)
    seen.counted = sample(0)
    seen.look(0)
    seen.counted = sample(100, errors=50)
    assert seen.said(5) == ("worse", "red")
    seen.checks = [FAILED]
    assert seen.said(6)[0] == "unsure"
    seen.checks = [PASSED]
    seen.counted = sample(200, errors=100)
    assert seen.look(7).since == BEGIN + timedelta(minutes=5)


def test_what_was_remembered_is_of_the_deployment_that_serves(seen: Seen, ledger: Ledger) -> None:
    first = deploy(ledger)
    seen.look(0)
    assert len(recall(seen.env, first.number).samples) == 1
    second = deploy(ledger, "v2")
    seen.look(1)
    assert recall(seen.env, first.number).samples == ()
    assert len(recall(seen.env, second.number).samples) == 1


def test_no_secret_is_in_what_it_says(seen: Seen, ledger: Ledger) -> None:
    deploy(ledger)
    seen.checks = [CheckResult("home", "fail", "it says hunter2-hunter2", 0.01)]
    assert "hunter2" not in seen.look().look.reason

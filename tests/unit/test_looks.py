"""Red is for people who cannot work, yellow for people who wait; one failed smoke is not yet a
failure."""

from __future__ import annotations

import pytest

from tidegate.facts import CheckResult
from tidegate.policy.looks import Look, assess, unreachable
from tidegate.policy.thresholds import LiveFigures
from tidegate.stack.showing import Watch

WATCH = Watch()
GOOD = LiveFigures(100, 0, 0.1)
NONE = LiveFigures(0, 0, None)
PASSED = [CheckResult("home", "pass", "status 200", 0.1)]
FAILED = [CheckResult("home", "fail", "expected the text CloudLens", 0.1)]


def look(
    figures: LiveFigures | None,
    baseline: LiveFigures | None = GOOD,
    smoke: list[CheckResult] = PASSED,
    failed: int = 0,
) -> Look:
    return assess(figures, baseline, WATCH, smoke, failed)


def test_good_figures_and_passed_checks_are_ok() -> None:
    assert look(GOOD).outcome == "ok"


def test_more_than_five_in_a_hundred_5xx_are_red() -> None:
    worse = look(LiveFigures(100, 6, 0.1))
    assert (worse.outcome, worse.severity) == ("worse", "red")
    assert worse.reason == "6.0% of the answers are 5xx (limit 5.0%, before the release 0.0%)"


@pytest.mark.parametrize(("seconds", "severity"), [(2.5, "yellow"), (9.9, "yellow"), (10.0, "red")])
def test_slow_answers_are_yellow_and_red_when_nobody_can_work(
    seconds: float, severity: str
) -> None:
    worse = look(LiveFigures(100, 0, seconds))
    assert (worse.outcome, worse.severity) == ("worse", severity)


def test_what_was_as_bad_before_the_release_is_ok() -> None:
    assert look(LiveFigures(100, 40, 5.0), baseline=LiveFigures(100, 38, 4.5)).outcome == "ok"


def test_without_traffic_passed_checks_are_ok_and_say_that_they_decided() -> None:
    assert look(NONE) == Look("ok", "green", "0 requests, 20 are needed to judge")


def test_requests_that_nobody_has_counted_yet_are_not_said_to_be_none() -> None:
    assert look(None) == Look(
        "ok", "green", "its checks pass; requests are judged after five minutes"
    )


@pytest.mark.parametrize(
    "figures", [GOOD, NONE, None], ids=["good figures", "no traffic", "not counted yet"]
)
def test_checks_that_fail_twice_in_a_row_are_red_and_once_are_nothing_yet(
    figures: LiveFigures | None,
) -> None:
    assert look(figures, smoke=FAILED, failed=1).outcome == "unsure"
    assert look(figures, smoke=FAILED, failed=2) == Look(
        "worse", "red", "home: expected the text CloudLens"
    )


def test_no_check_at_all_is_a_failure() -> None:
    assert look(GOOD, smoke=[], failed=2).outcome == "worse"


def test_an_edge_that_takes_no_connection_twice_in_a_row_is_red() -> None:
    assert unreachable("it takes no connection", 1).outcome == "unsure"
    assert unreachable("it takes no connection", 2) == Look(
        "worse", "red", "nobody gets in: it takes no connection"
    )

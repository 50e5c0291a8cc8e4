"""Every brake of the automatic rollback, one row each; without any of them a proved regression is
rolled back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidegate.facts import Severity
from tidegate.ledger import Deployment
from tidegate.policy.incidents import Action, Decision, Signal, Situation, decide
from tidegate.policy.looks import Look
from tidegate.policy.states import DeploymentState as S

SWITCHED = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGNAL = Signal(
    stack="cloudlens",
    environment="prod",
    key="watch/1",
    severity="red",
    started_at=SWITCHED + timedelta(minutes=1),
    reason="20% of the answers are 5xx",
    source="watch/all",
)
WORSE = Look("worse", "red", "20.0% of the answers are 5xx")
OK = Look("ok", "green", "100 requests, as good as before the release")
SILENT = Look("ok", "green", "0 requests, 20 are needed to judge")
UNSURE = Look("unsure", "red", "home: no answer")


def deployment(number: int = 5, **facts: Any) -> Deployment:
    return Deployment(
        **{
            "number": number,
            "stack": "cloudlens",
            "environment": "prod",
            "kind": "release",
            "state": S.GOOD,
            "switched_at": SWITCHED,
            **facts,
        }
    )


def situation(**facts: Any) -> Situation:
    return Situation(
        **{
            "current": deployment(),
            "handled": False,
            "going_back": None,
            "automatic": None,
            "way_back": "image only",
            **facts,
        }
    )


def decision(signal: Signal = SIGNAL, now: Situation | None = None, look: Look = WORSE) -> Decision:
    return decide(signal, now or situation(), lambda: look)


@pytest.mark.parametrize("way_back", ["image only", "image + downgrade"])
@pytest.mark.parametrize("state", [S.GOOD, S.WATCHING])
def test_a_red_signal_that_is_proved_a_regression_is_rolled_back(way_back: str, state: S) -> None:
    assert decision(now=situation(way_back=way_back, current=deployment(state=state))) == Decision(
        "roll_back", "red", "20.0% of the answers are 5xx"
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"resolved": True}, "it is resolved"),
        ({"environment": "staging"}, "it is about cloudlens staging"),
        ({"stack": "odoo18"}, "it is about odoo18 prod"),
        ({"started_at": SWITCHED - timedelta(seconds=1)}, "it began before #5 served"),
    ],
    ids=["resolved", "another environment", "another stack", "older than the release"],
)
def test_a_signal_that_is_not_about_the_version_that_serves_does_nothing(
    changed: dict[str, Any], reason: str
) -> None:
    assert decision(replace(SIGNAL, **changed)) == Decision("ignore", "green", reason)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"current": None}, "nothing serves there"),
        ({"handled": True}, "it was dealt with before"),
        (
            {"going_back": deployment(6, kind="rollback", state=S.CHANGING)},
            "#6 is going back already",
        ),
        (
            {"replaced": deployment(6, state=S.CHANGING)},
            "#6 is taking its place, and nobody is served meanwhile",
        ),
        ({"current": deployment(switched_at=None)}, "it began before #5 served"),
    ],
    ids=[
        "nothing serves",
        "repeated",
        "a rollback on its way",
        "replaced in its place",
        "not yet switched to",
    ],
)
def test_a_signal_does_nothing_where_there_is_nothing_left_to_do(
    facts: dict[str, Any], reason: str
) -> None:
    assert decision(now=situation(**facts)) == Decision("ignore", "green", reason)


@pytest.mark.parametrize(
    "look", [OK, SILENT, UNSURE], ids=["as good as before", "too little traffic", "failed once"]
)
def test_what_is_not_proved_worse_is_told_and_not_rolled_back(look: Look) -> None:
    told = decision(look=look)
    assert (told.action, told.severity) == ("tell", "red")
    assert (
        told.reason
        == f"20% of the answers are 5xx. Not rolled back, as it is no regression: {look.reason}"
    )


@pytest.mark.parametrize("severity", ["yellow", "green"])
def test_a_warning_is_told_as_it_is(severity: Severity) -> None:
    assert decision(replace(SIGNAL, severity=severity)) == Decision("tell", severity, SIGNAL.reason)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"current": deployment(kind="rollback")}, "#5 is itself a rollback"),
        (
            {"automatic": deployment(4, kind="rollback", state=S.SUPERSEDED)},
            "this release was rolled back by itself once, by #4",
        ),
        ({"current": deployment(state=S.NEEDS_PERSON)}, "#5 waits for a person"),
        ({"current": deployment(state=S.ROLLBACK_FAILED)}, "#5 waits for a person"),
        ({"way_back": "stop and ask"}, "the database change cannot be undone without losing data"),
        ({"way_back": "none"}, "there is no good version to go back to"),
    ],
    ids=[
        "a rollback",
        "once already",
        "needs a person",
        "rollback failed",
        "stop and ask",
        "no way back",
    ],
)
def test_a_regression_that_may_not_be_rolled_back_pages_a_person(
    facts: dict[str, Any], why: str
) -> None:
    assert decision(now=situation(**facts)) == Decision(
        "page", "red", f"20.0% of the answers are 5xx. Not rolled back by itself: {why}"
    )


@pytest.mark.parametrize(
    ("signal", "facts"),
    [
        (replace(SIGNAL, resolved=True), {}),
        (replace(SIGNAL, severity="yellow"), {}),
        (SIGNAL, {"handled": True}),
    ],
    ids=["resolved", "warning", "repeated"],
)
def test_the_environment_is_looked_at_only_where_that_decides(
    signal: Signal, facts: dict[str, Any]
) -> None:
    looks: list[Action] = []

    def prove() -> Look:
        looks.append("page")
        return WORSE

    decide(signal, situation(**facts), prove)
    assert looks == []

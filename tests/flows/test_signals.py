"""A signal that no rollback answers: people are told once, and an incident stays open where a
person must act."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flows.incident import incident
from flows.release import release
from flows.watch import watch
from tests.flows.asking import SIGNAL, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import serving
from tests.flows.stories import Story
from tests.world.edge import MemoryVisitors
from tidegate.edge.probing import SmokeVisit
from tidegate.facts import CheckResult, Message
from tidegate.ledger.tables import Incident


def begun(library: Library, *before: str) -> Installation:
    made = library.begin(Story("a signal", incident, SIGNAL, before=before))
    made.world.notifier("team").sent.clear()
    return made


def signalled(made: Installation, **changed: Any) -> Incident:
    state = made.prefect.start(incident, **{**SIGNAL, **changed}).state
    assert state.is_completed(), state.message
    found = made.ledger.incidents.of_signal(str({**SIGNAL, **changed}["signal"]))
    assert found is not None
    return found


def told(made: Installation) -> list[Message]:
    return made.world.notifier("team").sent


def test_what_is_no_regression_is_told_once_and_the_version_stays(library: Library) -> None:
    made = begun(library, "v1.0.0", "v1.0.1")
    began = serving(made)
    opened = signalled(made)
    assert opened.outcome is not None
    assert opened.outcome.startswith("tell: answers are 500. Not rolled back")
    assert opened.closed_at is not None
    again = signalled(made)
    assert (again.id, again.outcome, serving(made)) == (opened.id, opened.outcome, began)
    [message] = told(made)
    assert (message.kind, message.severity) == ("degraded", "red")
    assert "answers are 500" in message.body
    assert "v1.0.1" in message.title + message.body
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    assert [one.kind for one in made.ledger.messages.of(now.id) if one.kind == "degraded"] == [
        "degraded"
    ]


def test_a_warning_is_told_to_whom_its_severity_concerns(library: Library) -> None:
    made = begun(library, "v1.0.0")
    opened = signalled(made, severity="yellow")
    assert opened.outcome == "tell: answers are 500"
    assert [(one.kind, one.severity) for one in told(made)] == [("degraded", "yellow")]


def test_a_regression_without_a_way_back_calls_a_person_and_stays_open(library: Library) -> None:
    made = begun(library, "v2.0.2")
    began = serving(made)
    opened = signalled(made)
    assert opened.outcome is not None
    assert opened.outcome.startswith("page: ")
    assert "there is no good version to go back to" in opened.outcome
    assert (opened.closed_at, serving(made)) == (None, began)
    assert [one.kind for one in told(made)] == ["needs_person"]
    assert "there is no good version to go back to" in told(made)[0].body
    assert [one.id for one in made.ledger.incidents.open_ones("shop", "prod")] == [opened.id]


def test_where_nothing_serves_nobody_is_told(library: Library) -> None:
    made = begun(library)
    assert signalled(made).outcome == "ignore: nothing serves there"
    assert told(made) == []


def test_a_signal_from_before_the_version_served_is_not_about_it(library: Library) -> None:
    made = begun(library, "v1.0.0", "v2.0.2")
    began = serving(made)
    old = signalled(made, started_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert old.outcome == "ignore: it began before #2 served"
    assert (told(made), serving(made)) == ([], began)


def test_after_a_rollback_the_same_trouble_is_told_and_nothing_goes_back_again(
    library: Library,
) -> None:
    made = begun(library, "v1.0.0", "v2.0.2")
    assert str(signalled(made).outcome).startswith("roll_back: ")
    back = serving(made)
    assert back["prod"] != 2
    assert "as it is no regression" in str(signalled(made, signal="alert/2").outcome)
    assert serving(made) == back


def test_an_incident_is_closed_when_the_environment_is_seen_healthy(library: Library) -> None:
    made = begun(library, "v2.0.2")
    opened = signalled(made)
    state = made.prefect.start(watch, stack="shop").state
    assert state.is_completed(), state.message
    closed = made.ledger.incidents.of_signal(opened.signal)
    assert closed is not None
    assert closed.closed_at is not None
    assert str(closed.outcome).startswith("healthy again: ")
    assert made.ledger.incidents.open_ones("shop", "prod") == []


def test_people_are_told_in_the_language_of_the_stack(library: Library) -> None:
    def speak_chinese(made: Installation) -> None:
        file = made.home.parent / "stacks" / "shop" / "stack.yaml"
        file.write_text(f"language: zh\n{file.read_text()}")
        made.prefect.start(release, **asked("v2.0.2"))

    story = Story("a signal in Chinese", incident, SIGNAL, before=(), prepare=speak_chinese)
    made = library.begin(story)
    signalled(made)
    message = told(made)[-1]
    assert (message.kind, "版本: v2.0.2" in message.body) == ("needs_person", True)


def smokes(monkeypatch: pytest.MonkeyPatch, *fail: bool) -> None:
    """Whether the checks fail, one time after the other; the last one for ever."""
    left, asks = [*fail], MemoryVisitors.smoke

    def smoke(visitors: MemoryVisitors, visit: SmokeVisit) -> list[CheckResult]:
        fails = left.pop(0) if len(left) > 1 else left[0]
        return [CheckResult("home", "fail", "no price", 0.01)] if fails else asks(visitors, visit)

    monkeypatch.setattr(MemoryVisitors, "smoke", smoke)


def test_checks_that_fail_twice_are_a_regression_and_once_they_are_none(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begun(library, "v1.0.0", "v1.0.1")
    smokes(monkeypatch, True, False)
    assert "as it is no regression" in str(signalled(made).outcome)
    smokes(monkeypatch, True, True, False)
    assert str(signalled(made, signal="alert/2").outcome).startswith("roll_back: home: no price")
    assert serving(made)["prod"] == 3


def test_an_edge_that_is_away_blames_no_version(library: Library) -> None:
    made = begun(library, "v1.0.0", "v2.0.2")
    began = serving(made)
    made.world.visitors.is_away = True
    said = str(signalled(made).outcome)
    assert said.startswith("tell: answers are 500. Not rolled back, as it is no regression: ")
    assert "ConnectError. Look whether the edge runs" in said
    assert serving(made) == began

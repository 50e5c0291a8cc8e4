"""Who may conclude an incident: the run that answers it; the watch, only what nobody answers any
more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from prefect.logging import disable_run_logger

from tasks.back.incidents import (
    Opened,
    close_recovered,
    conclude,
    report_degraded,
    signal_of,
)
from tasks.frame.open_environment import OpenEnvironment
from tasks.traffic.live import Sighting
from tests.unit.ledger_parts import Clock, deploy, open_ledger
from tidegate.ledger import Ledger
from tidegate.policy.incidents import Decision, Signal
from tidegate.policy.looks import Look
from tidegate.policy.states import DeploymentState as S
from tidegate.secrecy.redaction import Redactor

LONG = timedelta(minutes=3, seconds=30)
SHORT = timedelta(minutes=2, seconds=30)
"""A run is given three minutes to answer."""
ROLL_BACK = Decision("roll_back", "red", "20% of the answers are 5xx")
PAGE = Decision("page", "red", "no good version to go back to")
IGNORE = Decision("ignore", "green", "#5 is going back already")


@pytest.fixture
def clock() -> Clock:
    """It begins now, when the test does: the steps ask the clock of the machine."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with open_ledger(tmp_path, clock) as ledger, disable_run_logger():
        yield ledger


@pytest.fixture
def env(ledger: Ledger, sent: list[Signal]) -> OpenEnvironment:
    parts = SimpleNamespace(
        events=SimpleNamespace(tell=sent.append),
        ledger=ledger,
        name="prod",
        base_project="cloudlens-prod",
        redactor=Redactor({}),
        stack=SimpleNamespace(name="cloudlens"),
    )
    return cast(OpenEnvironment, parts)


@pytest.fixture
def seen(ledger: Ledger, clock: Clock) -> Sighting:
    return Sighting(deploy(ledger), Look("worse", "red", "20% of the answers are 5xx"), clock.now)


@pytest.fixture
def sent() -> list[Signal]:
    """What automations would answer."""
    return []


def opened(env: OpenEnvironment, seen: Sighting) -> Opened:
    return Opened(
        *env.ledger.incidents.open(
            stack="cloudlens", environment="prod", signal=signal_of(env, seen).key, severity="red"
        )
    )


def outcome(env: OpenEnvironment, seen: Sighting) -> tuple[str | None, bool]:
    """What was done, and whether it is closed."""
    incident = env.ledger.incidents.of_signal(signal_of(env, seen).key)
    assert incident is not None
    return incident.outcome, incident.closed_at is not None


def test_a_healthy_look_leaves_an_incident_to_the_run_that_answers_it(
    env: OpenEnvironment, seen: Sighting
) -> None:
    incident = opened(env, seen)
    close_recovered(env, seen)
    assert outcome(env, seen) == (None, False)
    conclude(env, incident, ROLL_BACK)
    assert outcome(env, seen) == ("roll_back: 20% of the answers are 5xx", True)


def test_a_healthy_look_closes_what_people_were_paged_about(
    env: OpenEnvironment, seen: Sighting
) -> None:
    conclude(env, opened(env, seen), PAGE)
    assert outcome(env, seen) == ("page: no good version to go back to", False)
    close_recovered(env, seen)
    assert outcome(env, seen) == ("healthy again: 20% of the answers are 5xx", True)


@pytest.mark.parametrize(("ago", "is_closed"), [(LONG, True), (SHORT, False)])
def test_a_healthy_look_closes_an_incident_whose_run_died(
    env: OpenEnvironment, seen: Sighting, clock: Clock, ago: timedelta, is_closed: bool
) -> None:
    clock.now -= ago
    opened(env, seen)
    assert close_recovered(env, seen) is is_closed
    assert outcome(env, seen)[1] is is_closed


def test_a_healthy_look_leaves_an_incident_open_while_a_slow_rollback_is_on_its_way(
    env: OpenEnvironment, ledger: Ledger, seen: Sighting, clock: Clock
) -> None:
    clock.now -= LONG
    incident = opened(env, seen)
    deploy(ledger, state=S.CHANGING, origin=seen.deployment)
    assert close_recovered(env, seen) is False
    assert outcome(env, seen) == (None, False)
    conclude(env, incident, ROLL_BACK)
    assert outcome(env, seen) == ("roll_back: 20% of the answers are 5xx", True)


def test_the_same_signal_told_again_takes_the_answer_from_nobody(
    env: OpenEnvironment, seen: Sighting
) -> None:
    first, again = opened(env, seen), opened(env, seen)
    conclude(env, again, IGNORE)
    conclude(env, first, ROLL_BACK)
    assert outcome(env, seen) == ("roll_back: 20% of the answers are 5xx", True)


def test_what_is_worse_is_reported_until_a_run_looks_at_it(
    env: OpenEnvironment, seen: Sighting, sent: list[Signal]
) -> None:
    report_degraded.fn(env, seen)
    assert len(sent) == 1
    incident = opened(env, seen)
    report_degraded.fn(env, seen)
    assert len(sent) == 1
    conclude(env, incident, PAGE)
    report_degraded.fn(env, seen)
    assert len(sent) == 1


def test_what_is_worse_is_reported_again_when_the_run_that_looked_at_it_died(
    env: OpenEnvironment, seen: Sighting, sent: list[Signal], clock: Clock
) -> None:
    clock.now -= LONG
    opened(env, seen)
    report_degraded.fn(env, seen)
    assert len(sent) == 1

"""The journal: a step's intent, its evidence, its failures."""

from __future__ import annotations

import pytest

from tests.unit.ledger_parts import START, Clock, deploy
from tidegate.errors import FencedError, LedgerError
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.states import DeploymentState as S


@pytest.fixture
def changing(ledger: Ledger) -> Deployment:
    return deploy(ledger, state=S.CHANGING)


def test_a_steps_intent_is_there_before_its_evidence(
    ledger: Ledger, changing: Deployment, clock: Clock
) -> None:
    begun = ledger.journal.begin(changing.id, "shift-traffic", {"to": 42}, fence=1)
    assert (begun.key, begun.state, begun.attempts, begun.fence) == (
        "prod/cloudlens/1/shift-traffic",
        "intended",
        1,
        1,
    )
    ended = clock.tick()
    ledger.journal.done(begun.key, {"seen": 42})
    read = ledger.journal.get(begun.key)
    assert read is not None
    assert (read.intent, read.evidence, read.started_at, read.ended_at) == (
        {"to": 42},
        {"seen": 42},
        START,
        ended,
    )


def test_a_done_step_is_not_begun_again(ledger: Ledger, changing: Deployment) -> None:
    key = ledger.journal.begin(changing.id, "pull", {}).key
    ledger.journal.done(key, {"images": 2})
    entries = len(ledger.audit.entries())
    again = ledger.journal.begin(changing.id, "pull", {"other": 1})
    assert (again.is_done, again.attempts, again.evidence) == (True, 1, {"images": 2})
    assert len(ledger.audit.entries()) == entries


def test_a_killed_step_is_begun_again_with_its_first_intent(
    ledger: Ledger, changing: Deployment
) -> None:
    ledger.journal.begin(changing.id, "migrate", {"from": "rev1", "to": "rev2"}, fence=1)
    again = ledger.journal.begin(changing.id, "migrate", {"from": "rev2", "to": "rev2"}, fence=2)
    assert (again.attempts, again.fence, again.intent) == (2, 2, {"from": "rev1", "to": "rev2"})


def test_a_failed_step_keeps_its_error_until_the_next_attempt(
    ledger: Ledger, changing: Deployment
) -> None:
    key = ledger.journal.begin(changing.id, "smoke", {}).key
    failed = ledger.journal.failed(key, "answered 500", {"status": 500})
    assert (failed.state, failed.error, failed.evidence) == (
        "failed",
        "answered 500",
        {"status": 500},
    )
    assert ledger.journal.begin(changing.id, "smoke", {}).error is None


def test_a_done_step_cannot_fail(ledger: Ledger, changing: Deployment) -> None:
    key = ledger.journal.begin(changing.id, "pull", {}).key
    ledger.journal.done(key, {"images": 2})
    assert ledger.journal.done(key, {}).evidence == {"images": 2}
    with pytest.raises(LedgerError, match="it is done"):
        ledger.journal.failed(key, "late")


def test_a_step_that_was_never_begun_cannot_be_closed(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="never begun"):
        ledger.journal.done("prod/cloudlens/1/pull", {})


def test_a_step_begun_before_a_takeover_cannot_be_closed_after_it(
    ledger: Ledger, changing: Deployment
) -> None:
    fence = ledger.locks.acquire("cloudlens", "prod", "run-1", 60).fence
    key = ledger.journal.begin(changing.id, "pull", {}, fence=fence).key
    newest = ledger.locks.acquire("cloudlens", "prod", "run-2", 60, take_over=True).fence
    with pytest.raises(FencedError):
        ledger.journal.done(key, {})
    ledger.journal.begin(changing.id, "pull", {}, fence=newest)
    with pytest.raises(FencedError):
        ledger.journal.done(key, {}, fence=fence)
    assert ledger.journal.done(key, {}, fence=newest).is_done


def test_steps_come_in_the_order_they_first_began(ledger: Ledger, changing: Deployment) -> None:
    for name in ("pull", "start", "smoke", "pull"):
        ledger.journal.begin(changing.id, name, {})
    assert [(step.position, step.name) for step in ledger.journal.steps(changing.id)] == [
        (1, "pull"),
        (2, "start"),
        (3, "smoke"),
    ]

"""Approvals, backups, holds, incidents and messages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.ledger_parts import START, Clock, deploy
from tidegate.errors import LedgerError
from tidegate.facts import Backup
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.states import DeploymentState as S


@pytest.fixture
def changing(ledger: Ledger) -> Deployment:
    return deploy(ledger, state=S.CHANGING)


def backup(name: str, day: int, *, verified: bool = True) -> Backup:
    at = START + timedelta(days=day)
    return Backup(
        name,
        f"/backups/{name}",
        5_000_000_000,
        "0" * 64,
        "rev1",
        {"bills": 3},
        1.5,
        2.5,
        at,
        at if verified else None,
    )


def _decide(
    ledger: Ledger, deployment: Deployment, plan: str = "plan-1", decision: str = "approved"
) -> str:
    return ledger.approvals.record(
        deployment_id=deployment.id,
        plan_hash=plan,
        decision=decision,  # type: ignore[arg-type]
        approver="lin",
        reason="seen on staging",
        checklist={"backup": True},
        expires_at=START + timedelta(hours=1),
    ).id


def test_an_approval_counts_for_its_plan_only(ledger: Ledger, changing: Deployment) -> None:
    _decide(ledger, changing)
    found = ledger.approvals.for_plan(changing.id, "plan-1")
    assert found is not None
    assert (found.approver, found.decision, found.checklist) == (
        "lin",
        "approved",
        {"backup": True},
    )
    assert ledger.approvals.for_plan(changing.id, "plan-2") is None


def test_an_approval_ends_when_it_expires(
    ledger: Ledger, changing: Deployment, clock: Clock
) -> None:
    _decide(ledger, changing)
    clock.tick(3600)
    assert ledger.approvals.for_plan(changing.id, "plan-1") is None
    assert len(ledger.approvals.of(changing.id)) == 1


def test_the_newest_decision_counts(ledger: Ledger, changing: Deployment, clock: Clock) -> None:
    _decide(ledger, changing)
    clock.tick()
    _decide(ledger, changing, decision="rejected")
    found = ledger.approvals.for_plan(changing.id, "plan-1")
    assert found is not None
    assert found.decision == "rejected"


def test_the_same_decision_twice_is_one(ledger: Ledger, changing: Deployment) -> None:
    assert _decide(ledger, changing) == _decide(ledger, changing)


def test_a_backup_counts_only_when_it_is_verified(ledger: Ledger) -> None:
    ledger.backups.record(backup("b1", 1, verified=False), stack="cloudlens", environment="prod")
    assert ledger.backups.newest_verified("cloudlens", "prod") is None
    ledger.backups.record(backup("b1", 1), stack="cloudlens", environment="prod")
    found = ledger.backups.newest_verified("cloudlens", "prod")
    assert found is not None
    assert found.facts == backup("b1", 1)


def test_recording_a_backup_again_changes_nothing(ledger: Ledger) -> None:
    ledger.backups.record(backup("b1", 1), stack="cloudlens", environment="prod")
    entries = len(ledger.audit.entries())
    ledger.backups.record(backup("b1", 1), stack="cloudlens", environment="prod")
    assert len(ledger.audit.entries()) == entries


def test_backups_older_than_the_kept_verified_ones_are_prunable(ledger: Ledger) -> None:
    for day in range(1, 6):
        ledger.backups.record(
            backup(f"b{day}", day, verified=day != 4), stack="cloudlens", environment="prod"
        )
    assert [one.id for one in ledger.backups.prunable("cloudlens", "prod", keep=2)] == ["b1", "b2"]
    assert ledger.backups.prunable("cloudlens", "prod", keep=5) == []
    ledger.backups.pruned("b1")
    assert [one.id for one in ledger.backups.prunable("cloudlens", "prod", keep=2)] == ["b2"]


def test_a_backup_of_an_unfinished_deployment_is_not_prunable(
    ledger: Ledger, changing: Deployment
) -> None:
    ledger.backups.record(
        backup("b1", 1), stack="cloudlens", environment="prod", deployment_id=changing.id
    )
    ledger.backups.record(backup("b2", 2), stack="cloudlens", environment="prod")
    assert ledger.backups.prunable("cloudlens", "prod", keep=1) == []
    ledger.deployments.move(changing.id, S.FAILED, reason="r", actor="mei")
    assert [one.id for one in ledger.backups.prunable("cloudlens", "prod", keep=1)] == ["b1"]


def test_a_faulty_backup_is_neither_counted_nor_prunable(ledger: Ledger) -> None:
    for day in range(1, 6):
        ledger.backups.record(backup(f"b{day}", day), stack="cloudlens", environment="prod")
    assert [
        one.id for one in ledger.backups.prunable("cloudlens", "prod", keep=3, faulty=["b4"])
    ] == ["b1"]
    assert [
        one.id for one in ledger.backups.prunable("cloudlens", "prod", keep=3, faulty=["b1"])
    ] == ["b2"]


def test_a_backup_that_is_being_put_back_is_not_prunable(
    ledger: Ledger, changing: Deployment
) -> None:
    for day in (1, 2):
        ledger.backups.record(backup(f"b{day}", day), stack="cloudlens", environment="prod")
    ledger.deployments.amend(changing.id, figures={"restores": {"backup": "b1", "before": 1}})
    assert ledger.backups.prunable("cloudlens", "prod", keep=1) == []
    ledger.deployments.move(changing.id, S.FAILED, reason="r", actor="mei")
    assert [one.id for one in ledger.backups.prunable("cloudlens", "prod", keep=1)] == ["b1"]


def test_a_hold_stays_until_a_person_lifts_it(ledger: Ledger) -> None:
    first = ledger.holds.place(
        stack="cloudlens", version="v1", commit="c1", reason="regression", placed_by="watch"
    )
    again = ledger.holds.place(
        stack="cloudlens", version="v1", commit="c1", reason="other", placed_by="mei"
    )
    assert (again.id, again.reason) == (first.id, "regression")
    assert ledger.holds.commits("cloudlens") == {"c1"}
    assert ledger.holds.holding("odoo18", "c1") is None
    assert ledger.holds.lift("cloudlens", "c1", lifted_by="lin").lifted_by == "lin"
    assert ledger.holds.holding("cloudlens", "c1") is None
    with pytest.raises(LedgerError, match="it is not on hold"):
        ledger.holds.lift("cloudlens", "c1", lifted_by="lin")


def test_a_hold_counts_for_a_version_that_has_all_its_commits(ledger: Ledger) -> None:
    hold = ledger.holds.place(
        stack="cloudlens", version="v1", commit="c1+front=f1", reason="regression", placed_by="mei"
    )
    found = ledger.holds.holding("cloudlens", "c1+kit=k1+page=f1")
    assert found
    assert found.id == hold.id
    assert ledger.holds.holding("cloudlens", "c1+front=f2") is None
    assert ledger.holds.holding("cloudlens", "c1") is None


def test_the_same_signal_opens_one_incident(ledger: Ledger) -> None:
    first, again = [
        ledger.incidents.open(stack="cloudlens", environment="prod", signal="s1", severity="red")
        for _ in range(2)
    ]
    assert (first[1], again[1], again[0].id) == (True, False, first[0].id)
    assert [one.id for one in ledger.incidents.open_ones("cloudlens", "prod")] == [first[0].id]
    ledger.incidents.close(first[0].id, "rolled back")
    assert ledger.incidents.close(first[0].id, "something else").outcome == "rolled back"
    assert ledger.incidents.open_ones() == []


def test_the_first_decision_about_an_incident_stays_and_a_paged_one_is_open_until_it_is_over(
    ledger: Ledger,
) -> None:
    paged, _ = ledger.incidents.open(
        stack="cloudlens", environment="prod", signal="s1", severity="red"
    )
    ledger.incidents.decide(paged.id, "page: no way back", stays_open=True)
    assert (
        ledger.incidents.decide(paged.id, "tell: as good as before", stays_open=False).outcome
        == "page: no way back"
    )
    assert [one.id for one in ledger.incidents.open_ones()] == [paged.id]
    assert ledger.incidents.close(paged.id, "healthy again").outcome == "healthy again"
    assert ledger.incidents.open_ones() == []
    with pytest.raises(LedgerError, match="there is none"):
        ledger.incidents.decide("unknown", "page", stays_open=True)


def test_a_message_is_sent_once_and_shows_as_not_sent_until_then(
    ledger: Ledger, changing: Deployment
) -> None:
    def begin() -> int:
        return ledger.messages.begin(
            key="m1", kind="released", channel="chat", deployment_id=changing.id
        ).attempts

    begin()
    ledger.messages.failed("m1", "no answer")
    assert [(one.key, one.error) for one in ledger.messages.unsent(changing.id)] == [
        ("m1", "no answer")
    ]
    assert begin() == 2
    assert ledger.messages.sent("m1").error is None
    assert ledger.messages.unsent() == []
    assert begin() == 2
    assert [one.sent_at for one in ledger.messages.of(changing.id)] == [START]
    with pytest.raises(LedgerError, match="there is none"):
        ledger.messages.sent("m2")

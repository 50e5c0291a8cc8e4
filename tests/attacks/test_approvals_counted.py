"""An approval counts for the plan that the ledger has, and for what has not ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from prefect.logging import disable_run_logger

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.work import Work
from tasks.people.acceptance import Question, wait_for_decision
from tasks.people.forms import ACCEPTANCE
from tests.unit.ledger_parts import START, Clock, open_ledger
from tidegate.errors import LedgerError
from tidegate.policy.people import is_same_person
from tidegate.policy.states import DeploymentState


@pytest.fixture
def approved(tmp_path: Path) -> Iterator[Work]:
    """A deployment that waits, with an approval of the plan `a` in the ledger."""
    with open_ledger(tmp_path, Clock()) as ledger, disable_run_logger():
        release = ledger.releases.record(
            stack="quay", version="v1", commit="a" * 40, images={}, config_hash="c"
        )
        opened = ledger.deployments.open(
            key="release/run/prod",
            release_id=release.id,
            environment="prod",
            requested_by="mei",
            run_id="run",
            plan_hash="a",
        )
        ledger.deployments.move(opened.id, DeploymentState.WAITING, reason="", actor="mei")
        ledger.approvals.record(
            deployment_id=opened.id,
            plan_hash="a",
            decision="approved",
            approver="josh",
            reason="tried",
            expires_at=START + timedelta(hours=1),
        )
        env = SimpleNamespace(ledger=ledger, stack=SimpleNamespace(name="quay"), name="prod")
        yield work_of(cast(OpenEnvironment, env), ledger.deployments.get(opened.id))


def about(plan_hash: str) -> Question:
    return Question(
        hash=plan_hash,
        running=None,
        page=lambda expires, note: "",
        sentences=(),
        form=ACCEPTANCE["en"],
        checklist=(),
        rejected="",
    )


def test_an_approval_counts_for_the_plan_that_the_ledger_has(approved: Work) -> None:
    assert wait_for_decision(approved, about("a")) is approved


def test_an_approval_does_not_count_after_the_ledger_shows_another_plan(approved: Work) -> None:
    approved.env.ledger.deployments.amend(approved.deployment.id, plan_hash="b")
    with pytest.raises(LedgerError, match="its plan is another one by now than was approved"):
        wait_for_decision(approved, about("a"))


def test_an_approval_does_not_count_for_what_has_ended(approved: Work) -> None:
    approved.env.ledger.deployments.move(
        approved.deployment.id, DeploymentState.EXPIRED, reason="overtaken", actor="mei"
    )
    with pytest.raises(LedgerError, match="it has ended: expired"):
        wait_for_decision(approved, about("a"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Mei", "mei", True),
        (" Mei  Lin", "mei lin", True),
        ("Ｍｅｉ", "mei", True),
        ("陈美", "陈 美", True),
        ("STRASSE", "straße", True),
        ("mei", "josh", False),
        ("", "", False),
        (None, None, False),
        ("mei", None, False),
    ],
)
def test_a_name_is_the_same_whatever_its_case_spaces_and_width(
    one: str | None, other: str | None, same: bool
) -> None:
    assert is_same_person(one, other) is same
    assert is_same_person(other, one) is same

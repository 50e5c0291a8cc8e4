"""The audit trail: every write leaves a row, and no row can be changed unseen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.ledger_parts import START, Clock, deploy, open_ledger
from tidegate.errors import LedgerError
from tidegate.ledger import Ledger
from tidegate.ledger.anchors import Anchor
from tidegate.policy.states import DeploymentState as S


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path, Clock()) as ledger:
        yield ledger


def test_a_deployment_leaves_one_row_per_write_with_its_actor(ledger: Ledger) -> None:
    deploy(ledger)
    assert [(entry.action, entry.actor) for entry in ledger.audit.entries()] == [
        ("release.recorded", "tidegate"),
        ("deployment.opened", "mei"),
        ("deployment.moved", "mei"),
        ("deployment.moved", "mei"),
        ("deployment.moved", "mei"),
    ]
    assert ledger.audit.entries()[-1].details == {
        "old": "watching",
        "new": "good",
        "reason": "test",
    }
    assert ledger.audit.entries()[-1].at == START
    assert ledger.audit.newest() == Anchor(5, ledger.audit.entries()[-1].hash)
    assert ledger.audit.verify().findings == ()


def test_an_empty_trail_is_whole(ledger: Ledger) -> None:
    assert ledger.audit.verify().findings == ()


def test_the_trail_of_one_subject_can_be_read_alone_and_on(ledger: Ledger) -> None:
    deploy(ledger)
    deploy(ledger)
    assert [
        entry.action for entry in ledger.audit.entries(subject="deployment/prod/cloudlens/2")
    ] == ["deployment.opened", *["deployment.moved"] * 3]
    assert [entry.sequence for entry in ledger.audit.entries(after=2, limit=2)] == [3, 4]


def test_a_refused_write_leaves_no_row(ledger: Ledger) -> None:
    deployment = deploy(ledger)
    before = len(ledger.audit.entries())
    with pytest.raises(LedgerError):
        ledger.deployments.move(deployment.id, S.PLANNED, reason="r", actor="mei")
    assert len(ledger.audit.entries()) == before


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_trail(
    ledger: Ledger, tmp_path: Path, statement: str
) -> None:
    deploy(ledger)
    with (
        closing(sqlite3.connect(tmp_path / "ledger.db")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append only"),
    ):
        connection.execute(statement)

"""The audit trail: every write leaves a row, and no row can be changed unseen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ledger_parts import START, Clock, deploy, open_ledger

from tidegate.errors import LedgerError
from tidegate.ledger import Ledger
from tidegate.states import DeploymentState as S


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path, Clock()) as ledger:
        yield ledger


def _tamper(folder: Path, *statements: str) -> None:
    """As a person with the file would: the triggers go first."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
        connection.execute("DROP TRIGGER audit_refuses_update")
        connection.execute("DROP TRIGGER audit_refuses_delete")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0


def test_a_deployment_leaves_one_row_per_write_with_its_actor(ledger: Ledger) -> None:
    deploy(ledger)
    assert [(entry.action, entry.actor) for entry in ledger.audit.entries()] == [
        ("release.recorded", "tidegate"), ("deployment.opened", "mei"), ("deployment.moved", "mei"),
        ("deployment.moved", "mei"), ("deployment.moved", "mei")]
    assert ledger.audit.entries()[-1].details == {"old": "watching", "new": "good", "reason": "test"}
    assert ledger.audit.entries()[-1].at == START
    assert ledger.audit.last_hash() == ledger.audit.entries()[-1].hash
    assert ledger.audit.verify() is None


def test_an_empty_trail_is_whole(ledger: Ledger) -> None:
    assert ledger.audit.verify() is None


def test_the_trail_of_one_subject_can_be_read_alone_and_on(ledger: Ledger) -> None:
    deploy(ledger)
    deploy(ledger)
    assert [entry.action for entry in ledger.audit.entries(subject="deployment/prod/cloudlens/2")] == [
        "deployment.opened", *["deployment.moved"] * 3]
    assert [entry.sequence for entry in ledger.audit.entries(after=2, limit=2)] == [3, 4]


def test_a_refused_write_leaves_no_row(ledger: Ledger) -> None:
    deployment = deploy(ledger)
    before = len(ledger.audit.entries())
    with pytest.raises(LedgerError):
        ledger.deployments.move(deployment.id, S.PLANNED, reason="r", actor="mei")
    assert len(ledger.audit.entries()) == before


@pytest.mark.parametrize(("statement", "broken"), [
    ("UPDATE audit SET actor = 'nobody' WHERE sequence = 3", 3),
    ("""UPDATE audit SET details = '{"old": "planned"}' WHERE sequence = 2""", 2),
    ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE sequence = 5", 5),
    ("UPDATE audit SET hash = 'x' WHERE sequence = 4", 4),
    ("DELETE FROM audit WHERE sequence = 3", 3),
    ("DELETE FROM audit WHERE sequence = 1", 1),
])
def test_tampering_is_found_where_it_happened(ledger: Ledger, tmp_path: Path, statement: str, broken: int) -> None:
    deploy(ledger)
    _tamper(tmp_path, statement)
    assert ledger.audit.verify() == broken


def test_a_row_that_was_rewritten_with_its_own_hash_breaks_the_next(ledger: Ledger, tmp_path: Path) -> None:
    from tidegate.ledger.chain import hash_of
    deploy(ledger)
    forged = ledger.audit.entries()[1]
    forged.actor = "nobody"
    _tamper(tmp_path, f"UPDATE audit SET actor = 'nobody', hash = '{hash_of(forged)}' WHERE sequence = 2")
    assert ledger.audit.verify() == 3


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_trail(ledger: Ledger, tmp_path: Path, statement: str) -> None:
    deploy(ledger)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, \
            pytest.raises(sqlite3.IntegrityError, match="append only"):
        connection.execute(statement)

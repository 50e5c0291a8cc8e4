"""Whoever can write to the ledger's file cannot do it unseen: the audit trail says what was
written, and to whom."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.attacks.ledgers import copied, edit, filled, found, opened, rehash, upgraded
from tests.unit.ledger_parts import Clock, deploy, open_ledger
from tidegate.ledger import Ledger
from tidegate.ledger.row_facts import CHAINED


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    yield from opened(tmp_path, filled())


@pytest.fixture
def old_ledger(tmp_path: Path) -> Iterator[Ledger]:
    yield from opened(tmp_path, upgraded())


def test_what_was_written_by_tidegate_alone_differs_nowhere(ledger: Ledger) -> None:
    report = ledger.audit.verify()
    assert report.findings == ()
    assert (report.rows, report.partly_known) == (len(CHAINED), 0)


@pytest.mark.parametrize(
    ("column", "value", "trail", "table"),
    [
        ("approver", "'Josh'", '"Ann"', '"Josh"'),
        ("decision", "'rejected'", '"approved"', '"rejected"'),
        ("plan_hash", "'0000'", f'"{"5f" * 32}"', '"0000"'),
        ("reason", "''", '"works on staging"', '""'),
        ("checklist", """'{"tried": false}'""", '{"tried":true}', '{"tried":false}'),
        (
            "decided_at",
            "'2026-03-01 11:00:00.000000'",
            '"2026-03-01T12:00:00+00:00"',
            '"2026-03-01T11:00:00+00:00"',
        ),
    ],
)
def test_an_edited_approval_is_named_with_what_it_was_and_what_it_is(
    ledger: Ledger, tmp_path: Path, column: str, value: str, trail: str, table: str
) -> None:
    edit(tmp_path, f"UPDATE approvals SET {column} = {value}")
    [(where, values)] = found(ledger).items()
    assert where.startswith("approvals/id-")
    assert where.endswith(f".{column}")
    assert values == (trail, table)


@pytest.mark.parametrize("table", CHAINED)
def test_no_column_of_any_table_can_be_edited_unseen(
    ledger: Ledger, tmp_path: Path, table: str
) -> None:
    keys = set(CHAINED[table].primary_key.columns.keys())
    for column in set(CHAINED[table].columns.keys()) - keys - {"heartbeat_at"}:
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
            [before] = connection.execute(f'SELECT "{column}" FROM {table}').fetchone()
            connection.execute(f"""UPDATE {table} SET "{column}" = '"edited"'""")
        assert [where for where in found(ledger) if where.endswith(f".{column}")], column
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
            connection.execute(f'UPDATE {table} SET "{column}" = ?', (before,))
    assert found(ledger) == {}


@pytest.mark.parametrize("table", CHAINED)
def test_a_row_that_was_deleted_is_named(ledger: Ledger, tmp_path: Path, table: str) -> None:
    edit(tmp_path, f"DELETE FROM {table}")
    assert [where.partition("/")[0] for where in found(ledger)] == [table]


@pytest.mark.parametrize("table", CHAINED)
def test_a_row_that_was_inserted_is_named(ledger: Ledger, tmp_path: Path, table: str) -> None:
    values = ", ".join(copied(column) for column in CHAINED[table].columns)
    edit(tmp_path, f"INSERT INTO {table} SELECT {values} FROM {table}")
    [finding] = ledger.audit.verify().findings
    assert finding.where.startswith(f"{table}/")
    assert "no entry of the trail speaks of it" in finding.what


def test_the_key_of_a_row_is_no_hiding_place(ledger: Ledger, tmp_path: Path) -> None:
    edit(tmp_path, "UPDATE holds SET id = 'other'")
    assert sorted(where.partition("/")[2] for where in found(ledger))[1] == "other"


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE sequence = 3", "audit/3"),
        ("UPDATE audit SET subject = 'approval/other' WHERE sequence = 9", "audit/9"),
        ("""UPDATE audit SET details = '{"old": "planned"}' WHERE sequence = 2""", "audit/2"),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE sequence = 5", "audit/5"),
        ("UPDATE audit SET rows = NULL WHERE sequence = 9", "audit/9"),
        ("UPDATE audit SET rows = '{}' WHERE sequence = 9", "audit/9"),
        ("UPDATE audit SET rows = '[[[' WHERE sequence = 9", "audit/9"),
        ("UPDATE audit SET rows = '" + "[" * 3000 + "' WHERE sequence = 9", "audit/9"),
        ("UPDATE audit SET details = '" + "9" * 5000 + "' WHERE sequence = 9", "audit/9"),
        ("UPDATE audit SET at = 'yesterday' WHERE sequence = 9", "audit/9"),
        ("DELETE FROM audit WHERE sequence = 3", "audit/3"),
        ("DELETE FROM audit WHERE sequence IN (3, 4)", "audit/3 to 4"),
        ("DELETE FROM audit WHERE sequence = 1", "audit/1"),
    ],
)
def test_an_edited_trail_is_named_where_it_was_edited(
    ledger: Ledger, tmp_path: Path, statement: str, broken: str
) -> None:
    edit(tmp_path, statement)
    assert next(iter(found(ledger))) == broken


def test_an_approval_edited_in_the_trail_and_in_its_table_is_named(
    ledger: Ledger, tmp_path: Path
) -> None:
    edit(
        tmp_path,
        "UPDATE approvals SET approver = 'Josh'",
        """UPDATE audit SET actor = 'Josh', rows = replace(rows, 'Ann', 'Josh') WHERE action = 'plan.approved'""",
    )
    [finding] = ledger.audit.verify().findings
    assert "plan.approved" in finding.what


def test_a_chain_hashed_anew_after_an_edit_shows_by_a_hash_that_was_kept_elsewhere(
    ledger: Ledger, tmp_path: Path
) -> None:
    kept = ledger.audit.newest()
    edit(
        tmp_path,
        "UPDATE approvals SET approver = 'Josh'",
        """UPDATE audit SET actor = 'Josh', rows = replace(rows, 'Ann', 'Josh') WHERE action = 'plan.approved'""",
    )
    rehash(tmp_path, ledger, 9)
    assert found(ledger) == {}  # from the inside it cannot be told: docs/security.md says so
    assert list(found(ledger, kept)) == [f"audit/{kept.sequence}"]


def test_a_hash_that_was_published_after_the_edit_takes_the_earlier_one_of_the_same_entry_not_away(
    ledger: Ledger, tmp_path: Path
) -> None:
    kept = ledger.audit.newest()
    edit(
        tmp_path,
        "UPDATE approvals SET approver = 'Josh'",
        """UPDATE audit SET actor = 'Josh', rows = replace(rows, 'Ann', 'Josh') WHERE action = 'plan.approved'""",
    )
    rehash(tmp_path, ledger, 9)
    later = ledger.audit.newest()  # the daily run keeps it, although it has found the difference
    assert later.sequence == kept.sequence
    assert (
        list(found(ledger, kept, later))
        == list(found(ledger, later, kept))
        == [f"audit/{kept.sequence}"]
    )


def test_a_cut_end_shows_by_a_hash_that_was_kept_elsewhere(ledger: Ledger, tmp_path: Path) -> None:
    kept = ledger.audit.newest()
    edit(tmp_path, "DELETE FROM messages", "DELETE FROM audit WHERE subject LIKE 'message/%'")
    assert found(ledger) == {}
    assert list(found(ledger, kept)) == [f"audit/{kept.sequence}"]


def test_a_cut_end_is_not_hidden_by_new_entries(ledger: Ledger, tmp_path: Path) -> None:
    kept = ledger.audit.newest()
    edit(tmp_path, "DELETE FROM messages", "DELETE FROM audit WHERE subject LIKE 'message/%'")
    deploy(ledger, "v2")
    assert list(found(ledger, kept)) == [f"audit/{kept.sequence}"]


def test_a_ledger_that_began_anew_shows(ledger: Ledger, tmp_path: Path) -> None:
    kept = ledger.audit.newest()
    (tmp_path / "other").mkdir()
    with open_ledger(tmp_path / "other", Clock()) as empty:
        assert list(found(empty, kept)) == [f"audit/{kept.sequence}"]


# --- a ledger of version 0.1 ---


def test_rows_of_version_0_1_are_told_as_such_and_not_as_forged(old_ledger: Ledger) -> None:
    report = old_ledger.audit.verify()
    assert report.findings == ()
    assert (report.rows, report.partly_known) == (12, 12)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE approvals SET approver = 'Josh'", "approvals/id-5.approver"),
        ("UPDATE approvals SET decision = 'rejected'", "approvals/id-5.decision"),
        (
            "UPDATE approvals SET expires_at = '2030-01-01 00:00:00.000000'",
            "approvals/id-5.expires_at",
        ),
        ("UPDATE deployments SET state = 'failed' WHERE number = 1", "deployments/id-2.state"),
        (
            "UPDATE deployments SET rollback_target_id = NULL WHERE number = 2",
            "deployments/id-4.rollback_target_id",
        ),
        ("UPDATE holds SET reason = 'other' WHERE version = 'v0.8.0'", "holds/id-7.reason"),
        ("UPDATE backups SET sha256 = 'cd'", "backups/b1.sha256"),
        ("UPDATE releases SET images = '{}' WHERE version = 'v1.1.0'", "releases/id-3.images"),
        ("UPDATE steps SET evidence = '{}'", "steps/prod/cloudlens/2/back-up.evidence"),
        ("UPDATE steps SET intent = '{}'", "steps/prod/cloudlens/2/back-up.intent"),
        ("UPDATE locks SET fence = 0", "locks/cloudlens/prod.fence"),
        ("UPDATE incidents SET outcome = 'ignore'", "incidents/id-8.outcome"),
        ("DELETE FROM approvals", "approvals/id-5"),
        ("DELETE FROM deployments WHERE number = 2", "deployments/prod/cloudlens/2"),
        (
            "INSERT INTO approvals SELECT 'x', deployment_id, plan_hash, decision, approver, reason, checklist, decided_at, "
            "expires_at FROM approvals",
            "approvals/x",
        ),
    ],
)
def test_an_edit_of_what_version_0_1_said_is_named(
    old_ledger: Ledger, tmp_path: Path, statement: str, where: str
) -> None:
    edit(tmp_path, statement)
    assert list(found(old_ledger)) == [where]


def test_a_ledger_of_version_0_1_goes_on_and_stays_whole(old_ledger: Ledger) -> None:
    new = deploy(old_ledger, "v1.2.0")
    assert found(old_ledger) == {}
    assert {
        one.number: one.state.value for one in old_ledger.deployments.history("cloudlens", "prod")
    } == {1: "superseded", 2: "superseded", new.number: "good"}
    assert old_ledger.audit.verify().partly_known == 12


def test_an_upgraded_ledger_keeps_its_trail_append_only(old_ledger: Ledger, tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "ledger.db")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append only"),
    ):
        connection.execute("UPDATE audit SET actor = 'x'")

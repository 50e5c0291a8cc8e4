"""An edit of the ledger is told: by the command, by the message, and by hashes that lie outside of
the ledger."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.attacks.ledgers import edit, filled, opened
from tidegate.ledger import Ledger
from tidegate.ledger.anchors import Anchor, AnchorFile
from tidegate.ledger.auditing import key_of, message_of, page_of


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    yield from opened(tmp_path, filled())


# --- the hashes that are kept in the home folder ---


def test_hashes_are_kept_in_order_and_once(tmp_path: Path) -> None:
    kept = AnchorFile(tmp_path)
    for sequence in (1, 2, 2):
        kept.append(Anchor(sequence, "ab" * 32))
    assert kept.read() == ([Anchor(1, "ab" * 32), Anchor(2, "ab" * 32)], [])
    assert (tmp_path / "audit-trail.txt").stat().st_mode & 0o777 == 0o600


def test_a_line_that_is_no_hash_is_a_difference_and_hides_no_other(
    ledger: Ledger, tmp_path: Path
) -> None:
    AnchorFile(tmp_path).append(ledger.audit.newest())
    file = tmp_path / "audit-trail.txt"
    file.write_bytes(b"\xff\x1b[2J\n" + file.read_bytes())
    anchors, faults = AnchorFile(tmp_path).read()
    assert [one.where for one in ledger.audit.verify(anchors, faults).findings] == ["anchors"]


# --- the command ---


@pytest.fixture
def command(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path))
    return CliRunner()


def test_the_command_says_that_nothing_differs(command: CliRunner, ledger: Ledger) -> None:
    result = command.invoke(app, ["audit", "verify"])
    assert result.exit_code == 0
    assert "nothing differs" in result.output
    assert str(ledger.audit.newest()) in result.output


def test_the_command_fails_and_names_row_field_and_both_values(
    command: CliRunner, tmp_path: Path
) -> None:
    edit(tmp_path, "UPDATE approvals SET approver = '[red]Jo\x1b[2Jsh'")
    result = command.invoke(app, ["audit", "verify"])
    assert result.exit_code == 1
    for shown in (".approver", 'the trail says "Ann"', 'the table says "[red]Jo\\u001b[2Jsh"'):
        assert shown in result.output


def test_the_command_answers_programs(command: CliRunner, tmp_path: Path) -> None:
    edit(tmp_path, "UPDATE approvals SET approver = 'Josh'")
    result = command.invoke(app, ["audit", "verify", "--json"])
    answer = json.loads(result.output)
    assert (result.exit_code, answer["whole"]) == (1, False)
    assert answer["findings"][0]["trail"] == '"Ann"'


def test_the_command_compares_a_hash_that_a_person_has_kept(
    command: CliRunner, ledger: Ledger
) -> None:
    newest = ledger.audit.newest()
    assert command.invoke(app, ["audit", "verify", "--anchor", str(newest)]).exit_code == 0
    forged = replace(newest, hash="0" * 64)
    assert command.invoke(app, ["audit", "verify", "--anchor", str(forged)]).exit_code == 1


def test_the_command_compares_what_was_kept_in_the_home_folder(
    command: CliRunner, ledger: Ledger, tmp_path: Path
) -> None:
    AnchorFile(tmp_path).append(replace(ledger.audit.newest(), sequence=99))
    assert command.invoke(app, ["audit", "verify"]).exit_code == 1


# --- what people are told ---


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "The ledger is not as it was written"), ("zh", "发布账本与写入时不一致")],
)
def test_people_are_told_where_and_no_value(
    ledger: Ledger, tmp_path: Path, language: str, title: str
) -> None:
    edit(tmp_path, "UPDATE approvals SET approver = 'hunter2'")
    report = ledger.audit.verify()
    message = message_of(report.findings, language)
    assert (message.severity, message.title) == ("red", f"🆘 {title}")
    for text in (message.body, page_of(report, language)):
        assert "approver" in text
        assert "hunter2" not in text
        assert "Ann" not in text


def test_names_that_were_edited_into_something_else_do_no_harm_in_a_message(
    ledger: Ledger, tmp_path: Path
) -> None:
    edit(
        tmp_path, "UPDATE holds SET id = 'a' || char(10) || char(27) || '[x](javascript:alert(1))'"
    )
    report = ledger.audit.verify()
    assert "\x1b" not in message_of(report.findings, "en").body
    assert "](javascript" not in page_of(report, "en")


def test_the_same_differences_are_told_once_a_week_and_a_new_one_at_once(
    ledger: Ledger, tmp_path: Path
) -> None:
    monday = datetime(2026, 11, 30, tzinfo=UTC)
    edit(tmp_path, "UPDATE approvals SET approver = 'Josh'")
    first = ledger.audit.verify().findings
    keys = {key_of(first, monday + timedelta(days=day)) for day in range(14)}
    assert 2 <= len(keys) <= 3
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
        connection.execute("UPDATE holds SET reason = ''")
    assert key_of(ledger.audit.verify().findings, monday) not in keys

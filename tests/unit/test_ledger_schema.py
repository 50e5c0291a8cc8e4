"""The ledger's own schema history: it meets the tables, and two processes at once do no harm."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from tidegate.errors import LedgerError
from tidegate.ledger import Ledger, schema
from tidegate.ledger.columns import Base


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"


def _tables(url: str) -> set[str]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return {
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }


def test_the_newest_revision_is_what_the_tables_say(url: str) -> None:
    schema.upgrade(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == schema.head()
    engine.dispose()


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(schema.configuration()).get_heads()) == 1


def test_upgrading_again_changes_nothing(url: str) -> None:
    schema.upgrade(url)
    before = _tables(url)
    schema.upgrade(url)
    assert _tables(url) == before == {*Base.metadata.tables, "alembic_version"}


def test_several_processes_may_upgrade_at_once(url: str) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        list(processes.map(schema.upgrade, [url] * 3))
    assert _tables(url) == {*Base.metadata.tables, "alembic_version"}


def test_a_database_that_cannot_be_opened_is_a_ledger_error(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text(
        "this is not a database, it is a text of more than one hundred bytes" * 20
    )
    with pytest.raises(
        LedgerError, match="upgrading the ledger's schema: the ledger's database said"
    ):
        schema.upgrade(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_the_ledger_is_in_wal_mode(url: str) -> None:
    schema.upgrade(url)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_way_down_leaves_nothing(url: str) -> None:
    schema.upgrade(url)
    schema.downgrade(url, "base")
    assert _tables(url) == {"alembic_version"}


def test_only_its_owner_reads_the_ledger_file(url: str) -> None:
    schema.upgrade(url)
    assert stat.S_IMODE(Path(url.removeprefix("sqlite:///")).stat().st_mode) == 0o600


@pytest.mark.parametrize("file", ["missing/ledger.db", "empty.db"])
def test_where_nothing_was_started_yet_it_is_said_what_makes_the_ledger(
    tmp_path: Path, file: str
) -> None:
    with pytest.raises(
        LedgerError, match=r"Tidegate was never started here\. `tidegate run` makes the ledger"
    ):
        Ledger(f"sqlite:///{tmp_path / file}").deployments.places()
    assert not (tmp_path / file).exists()  # who only looks makes none


def test_an_empty_file_is_no_ledger_either(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    for look in (ledger.deployments.places, ledger.audit.verify):
        with pytest.raises(LedgerError, match="Tidegate was never started here"):
            look()


def test_holds_say_it_too(tmp_path: Path) -> None:
    """`tidegate versions` asks for them first."""
    with pytest.raises(LedgerError, match="Tidegate was never started here"):
        Ledger(f"sqlite:///{tmp_path / 'empty.db'}").holds.active("shop")

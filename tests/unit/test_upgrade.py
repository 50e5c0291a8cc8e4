"""Upgrading: from every version, saved before, and refused before anything is changed where it
cannot go well."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from cli.control_plane import ControlPlane
from cli.processes import Background
from cli.run import bring_ledger_up
from cli.upgrade import upgrade
from tests.attacks.ledgers import OLD_LEDGER
from tidegate.errors import InputError, LedgerError
from tidegate.ledger import Ledger, schema, upgrading
from tidegate.ledger.auditing import compare
from tidegate.settings import Settings

QUIET = Console(quiet=True)
FIRST = "0001"
AT = datetime(2026, 11, 26, 22, 5, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """As version 0.1 left it: a real file, with rows in its tables."""
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as made:
        made.executescript(OLD_LEDGER.read_text(encoding="utf-8"))
    return tmp_path


@pytest.fixture
def plane(home: Path) -> ControlPlane:
    return ControlPlane(Settings(home=home, stacks=home))


@pytest.fixture
def old_worker(home: Path) -> Iterator[Background]:
    process = Background("worker", home / "run")
    process.start(["/bin/sleep", "600"], {})
    yield process
    process.stop()


def rows(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, without what a later version added to it."""
    with closing(sqlite3.connect(file)) as ledger:
        tables = [
            name
            for (name,) in ledger.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
            )
        ]
        return {name: ledger.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}


def copies(home: Path) -> list[Path]:
    return sorted(home.glob("ledger-before-*"))


@pytest.mark.parametrize("revision", sorted(schema.revisions()))
def test_a_ledger_of_every_version_is_brought_up_with_its_rows(
    plane: ControlPlane, home: Path, revision: str
) -> None:
    """Any version may be skipped: the history holds every step."""
    url, file = plane.settings.database_url, home / "ledger.db"
    schema.upgrade(url, revision)
    before = rows(file)
    bring_ledger_up(plane, QUIET, saved=False)
    after = rows(file)
    assert after.pop("alembic_version") == [(schema.head(),)]
    assert {
        name: [row[: len(old)] for row, old in zip(after[name], before[name], strict=True)]
        for name in after
    } == {name: before[name] for name in after}
    assert compare(plane.settings, []).findings == ()
    assert len(copies(home)) == (revision != schema.head())


def test_what_was_deployed_before_is_read_after(plane: ControlPlane) -> None:
    bring_ledger_up(plane, QUIET, saved=False)
    history = Ledger(plane.settings.database_url).deployments.history("cloudlens", "prod")
    assert [(one.number, str(one.state)) for one in history] == [(2, "good"), (1, "superseded")]


def test_the_copy_is_the_ledger_as_it_was_and_its_owners_alone(
    plane: ControlPlane, home: Path
) -> None:
    before = rows(home / "ledger.db")
    bring_ledger_up(plane, QUIET, saved=False)
    [copy] = copies(home)
    assert rows(copy) == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_copy_holds_what_was_written_and_nothing_half_written(home: Path) -> None:
    """In WAL mode neither is in the file itself."""
    url = f"sqlite:///{home}/ledger.db"
    schema.upgrade(url)
    writer = sqlite3.connect(home / "ledger.db", isolation_level=None)
    with closing(writer):
        writer.execute("UPDATE locks SET fence = 7")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE locks SET fence = 8")
        copy = upgrading.save(url, home, AT)
        writer.execute("ROLLBACK")
    assert copy == home / f"ledger-before-{schema.head()}-20261126T220500.db"
    assert {row[3] for row in rows(copy)["locks"]} == {7}


def test_a_new_installation_and_one_that_is_up_to_date_save_nothing(
    plane: ControlPlane, home: Path
) -> None:
    (home / "ledger.db").unlink()
    for _ in range(2):
        bring_ledger_up(plane, QUIET, saved=False)
    assert copies(home) == []


def test_an_upgrade_that_cannot_be_saved_changes_nothing(home: Path) -> None:
    with pytest.raises(
        LedgerError, match=r"saving the ledger before it is upgraded: .+Nothing was changed"
    ):
        upgrading.save(f"sqlite:///{home}/ledger.db", home / "missing", AT)
    assert rows(home / "ledger.db")["alembic_version"] == [(FIRST,)]


def test_a_damaged_ledger_is_no_copy(home: Path) -> None:
    file = home / "ledger.db"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    file.write_bytes(content)
    with pytest.raises(LedgerError, match="saving the ledger before it is upgraded"):
        upgrading.save(f"sqlite:///{home}/ledger.db", home, AT)
    assert [one.name for one in home.iterdir()] == ["ledger.db"]


# --- refused ---


def test_a_ledger_of_a_newer_version_is_refused_and_nothing_is_stopped(
    plane: ControlPlane, home: Path, old_worker: Background
) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    before = rows(home / "ledger.db")
    for bring in (
        lambda: upgrade(plane.settings, QUIET, saved=False),
        lambda: bring_ledger_up(plane, QUIET, saved=True),
    ):
        with pytest.raises(
            LedgerError, match=rf"a newer Tidegate has made it \(revision 9999, .+{schema.head()}\)"
        ):
            bring()
    assert rows(home / "ledger.db") == before
    assert old_worker.pid()
    assert copies(home) == []


def test_nothing_is_upgraded_under_a_process_of_the_version_before(
    plane: ControlPlane, home: Path, old_worker: Background
) -> None:
    with pytest.raises(
        InputError,
        match=r"worker of the version before is running\..+`tidegate upgrade` stops them first",
    ):
        bring_ledger_up(plane, QUIET, saved=False)
    assert rows(home / "ledger.db")["alembic_version"] == [(FIRST,)]
    assert old_worker.pid()


def test_nothing_is_stopped_while_a_run_changes_an_environment(
    plane: ControlPlane, home: Path, old_worker: Background
) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger:
        ledger.execute(
            "UPDATE locks SET owner = 'release/run-9/prod', heartbeat_at = ?",
            (f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}",),
        )
    with pytest.raises(InputError, match=r"cloudlens prod is being changed\. Nothing was stopped"):
        upgrade(plane.settings, QUIET, saved=False)
    assert old_worker.pid()


def test_a_ledger_on_a_server_is_upgraded_only_when_a_person_has_saved_it() -> None:
    url = "postgresql+psycopg://tidegate:secret@db/ledger"
    with pytest.raises(InputError, match=r"pg_dump.+`tidegate upgrade --saved`") as refused:
        upgrading.refuse_unsaved(url, saved=False)
    assert "secret" not in str(refused.value)
    upgrading.refuse_unsaved(url, saved=True)

"""The migrator against real images with Alembic inside and a real database."""

from __future__ import annotations

import io
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from blocks.databases.sql_client import DATA
from blocks.migrators.alembic.history import AlembicHistory
from blocks.migrators.alembic.migrator import AlembicMigrator
from tests.images import BASE
from tests.integration.data_servers import Server, as_root, until_sleeping
from tests.integration.histories import (
    BILLS,
    DROP,
    ENV,
    LONGER,
    RENAME,
    build_tool_image,
    history_image,
    revision,
)
from tidegate.errors import MigrationError
from tidegate.facts import SchemaChange
from tidegate.stack.stand_ins import stand_ins

pytest_plugins = ["tests.integration.data_fixtures"]

CANARY = "canary-31337"


@pytest.fixture(scope="session")
def tool_image() -> str:
    return build_tool_image()


@pytest.fixture
def empty(mysql: Server) -> Server:
    mysql.owner().restore(io.BytesIO(b"DROP DATABASE app; CREATE DATABASE app"))
    return mysql


@pytest.fixture
def migrator(
    empty: Server, tool_image: str, request: pytest.FixtureRequest
) -> Callable[..., AlembicMigrator]:
    def make(*revisions: str, env: str = ENV, **changed: str) -> AlembicMigrator:
        tag = f"tidegate-test/history:{uuid.uuid4().hex[:8]}"
        history_image(tag, *revisions, env=env)
        request.addfinalizer(lambda: empty.host.client.images.remove(tag, force=True))
        return AlembicMigrator(
            empty.host,
            tag,
            empty.environment | {"API_TOKEN": CANARY} | changed,
            (empty.network,),
            f"test/{uuid.uuid4()}",
            directory="/app",
            lock_timeout_seconds=1,
            volumes={},
        )

    return make


Make = Callable[..., AlembicMigrator]


def inspect(migrator: AlembicMigrator, server: Server) -> SchemaChange:
    """What the plan shows: read in the image without the database, which is asked by a login of
    ours."""
    return history_of(migrator).inspect(server.database().schema_state())


def history_of(migrator: AlembicMigrator) -> AlembicHistory:
    return AlembicHistory(
        migrator.host,
        migrator.image,
        stand_ins(migrator.environment, ()),
        migrator.key,
        directory=migrator.directory,
        database="bills",
        engine="mysql",
    )


def test_an_empty_database_is_shown_the_whole_way_up_and_stays_empty(
    migrator: Make, empty: Server
) -> None:
    change = inspect(migrator(BILLS, RENAME), empty)
    assert empty.owner().row_counts() == {}
    assert (change.current, change.head) == (None, "0002")
    assert [each.id for each in change.revisions] == ["0001", "0002"]
    assert "CREATE TABLE bills" in change.upgrade_sql
    assert "DROP TABLE bills" in change.downgrade_sql


def test_upgrade_and_downgrade_return_to_where_they_began(migrator: Make, empty: Server) -> None:
    history = migrator(BILLS, RENAME)
    history.upgrade("0001")
    before = _schema(empty)
    change = inspect(history, empty)
    assert (change.current, change.kind) == ("0001", "needs downgrade")
    history.upgrade("0002")
    history.upgrade("0002")
    change = inspect(history, empty)
    assert (history.current(), change.kind, change.upgrade_sql) == ("0002", "none", "")
    assert "remark" in _schema(empty)
    history.downgrade("0001")
    assert (_schema(empty), history.current()) == (before, "0001")
    history.downgrade("base")
    assert history.current() is None


def test_a_dropped_column_is_called_lossy_before_anything_runs(
    migrator: Make, empty: Server
) -> None:
    history = migrator(BILLS, DROP)
    history.upgrade("0001")
    change = inspect(history, empty)
    assert (change.kind, change.revisions[0].reasons) == ("lossy", ("drops column bills.note",))
    assert history.current() == "0001"
    assert "note" in _schema(empty)


def test_a_way_back_that_would_cut_a_value_fails_also_on_a_lenient_server(
    migrator: Make, empty: Server
) -> None:
    history = migrator(BILLS, LONGER)
    as_root(empty, "SET GLOBAL sql_mode = ''")
    try:
        history.upgrade("0002")
        empty.sql("INSERT INTO bills VALUES (1, 'more than the twenty characters that it was')")
        with pytest.raises(MigrationError, match=r"Data too long|Data truncated"):
            history.downgrade("0001")
        assert history.current() == "0002"
        assert as_root(empty, "SELECT CHAR_LENGTH(note) FROM app.bills") == "43"
    finally:
        as_root(empty, "SET GLOBAL sql_mode = DEFAULT")


def test_two_heads_are_named_with_the_cure(migrator: Make, empty: Server) -> None:
    with pytest.raises(
        MigrationError, match=r"more than one head: .*alembic merge 000[23] 000[23]"
    ) as raised:
        inspect(migrator(BILLS, RENAME, RENAME.replace("'0002'", "'0003'")), empty)
    assert "0002" in raised.value.came_back
    assert "0003" in raised.value.came_back


def test_a_database_with_tables_and_no_revision_must_be_stamped(
    migrator: Make, empty: Server
) -> None:
    empty.sql("CREATE TABLE bills (id INT)")
    with pytest.raises(MigrationError, match="alembic stamp"):
        inspect(migrator(BILLS), empty)


def test_the_revision_is_read_where_env_py_says_that_it_is_written(
    migrator: Make, empty: Server
) -> None:
    empty.sql(
        "CREATE TABLE shop_history (version_num VARCHAR(32)); INSERT INTO shop_history VALUES ('0001'); "
        "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('of another')"
    )
    history = migrator(
        BILLS,
        RENAME,
        env=ENV.replace("literal_binds=True", "literal_binds=True, version_table='shop_history'"),
    )
    change = inspect(history, empty)
    assert (change.current, [each.id for each in change.revisions]) == ("0001", ["0002"])


def test_a_database_at_two_revisions_is_refused(migrator: Make, empty: Server) -> None:
    empty.sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('0001'), ('0002')"
    )
    with pytest.raises(MigrationError, match="more than one revision: 0001, 0002"):
        inspect(migrator(BILLS, RENAME), empty)


def test_an_env_py_that_needs_a_database_is_read_without_its_sql(
    migrator: Make, empty: Server
) -> None:
    migrator(BILLS, RENAME).upgrade("0001")
    change = inspect(migrator(BILLS, RENAME, env="raise SystemExit('no database')\n"), empty)
    assert (change.current, change.head, change.kind) == ("0001", "0002", "needs downgrade")
    assert change.upgrade_sql == "-- no SQL without a database: SystemExit: no database"


def test_a_database_made_by_a_newer_image_is_refused(migrator: Make, empty: Server) -> None:
    migrator(BILLS, RENAME).upgrade("0002")
    older = migrator(BILLS)
    with pytest.raises(MigrationError, match="at 0002, which this image does not know"):
        inspect(older, empty)
    with pytest.raises(MigrationError, match="made by a newer image"):
        older.upgrade("0001")


def test_a_statement_that_fails_is_shown_with_what_ran_before_it(migrator: Make) -> None:
    body = "\n    ".join(
        f"op.execute('{sql}')"
        for sql in (
            "CREATE TABLE a (n INT)",
            "CREATE TABLE b (n INT)",
            "INSERT INTO nosuch VALUES (1)",
            "CREATE TABLE c (n INT)",
            "CREATE TABLE d (n INT)",
        )
    )
    history = migrator(BILLS, revision("0002", "0001", body))
    history.upgrade("0001")
    with pytest.raises(
        MigrationError, match=r"the statement was: INSERT INTO nosuch VALUES \(1\)"
    ) as raised:
        history.upgrade("0002")
    assert "the database is at 0001" in raised.value.came_back
    before = "2 statements of the same revision ran before it: CREATE TABLE a (n INT)"
    assert before in raised.value.came_back
    assert history.current() == "0001"


def test_a_locked_table_is_given_up_after_the_lock_timeout(migrator: Make, empty: Server) -> None:
    history = migrator(BILLS, RENAME)
    history.upgrade("0001")
    holder = threading.Thread(target=empty.sql, args=("LOCK TABLES bills WRITE; DO SLEEP(60);",))
    holder.start()
    sleeping = until_sleeping(empty)
    try:
        with pytest.raises(MigrationError, match="Something holds a lock"):
            history.upgrade("0002")
    finally:
        as_root(empty, f"KILL QUERY {sleeping}")
        holder.join()


def test_offline_sql_that_cannot_be_made_is_said_and_stops_nothing(
    migrator: Make, empty: Server
) -> None:
    asks = "op.get_bind().execute(sa.text('SELECT 1')).scalar_one()"
    change = inspect(migrator(revision("0001", None, asks)), empty)
    assert change.upgrade_sql.startswith("-- no SQL without a database: ")
    assert change.head == "0001"


def test_a_secret_in_a_statement_or_error_is_not_shown(migrator: Make) -> None:
    tells = f"op.execute(\"INSERT INTO nosuch VALUES ('{CANARY}')\")"
    history = migrator(revision("0001", None, tells))
    with pytest.raises(MigrationError, match=r"\*\*\*") as raised:
        history.upgrade("0001")
    assert CANARY not in str(raised.value) + repr(raised.value) + repr(history)


def test_no_secret_is_in_the_arguments_of_the_container(migrator: Make, empty: Server) -> None:
    history, seen = migrator(revision("0001", None, "import time; time.sleep(2)")), []
    runner = threading.Thread(target=history.upgrade, args=("0001",))
    runner.start()
    while runner.is_alive():
        found = empty.host.client.containers.list(
            filters={"label": f"tidegate.key={history.key}/upgrade"}
        )
        seen += [
            f"{each.attrs['Config']['Cmd']} {each.attrs['Config']['Entrypoint']} {each.attrs['Path']} "
            f"{each.attrs['Args']}"
            for each in found
        ]
        time.sleep(0.1)
    runner.join()
    assert seen
    secrets = [
        CANARY,
        empty.environment["MYSQL_PASSWORD"],
        empty.environment["MYSQL_ROOT_PASSWORD"],
    ]
    assert [secret for secret in secrets if any(secret in argv for argv in seen)] == []


def test_a_wrong_password_is_an_error_that_does_not_show_it(migrator: Make) -> None:
    with pytest.raises(MigrationError, match="Access denied") as raised:
        migrator(BILLS, MYSQL_PASSWORD="wrong-" + CANARY).upgrade("0001")
    assert CANARY not in str(raised.value)


def test_an_image_without_alembic_is_named(migrator: Make, empty: Server) -> None:
    with pytest.raises(MigrationError, match="no Python with alembic"):
        inspect(replace(migrator(BILLS), image=BASE), empty)


def _schema(server: Server) -> str:
    dump = io.BytesIO()
    server.owner().dumps()[DATA](dump)
    return "\n".join(
        line for line in dump.getvalue().decode().splitlines() if not line.startswith("--")
    )

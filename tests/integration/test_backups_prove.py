"""A backup of an ordinary database is proved, says what it holds, and comes back onto a server that
is in use."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import Part
from blocks.backups.restoring import (
    as_proved,
    refuse_little_room,
    replace_database,
    saved_database,
    stand_beside,
)
from blocks.databases.engines import beside
from blocks.databases.postgresql.server import PostgreSQL
from blocks.databases.scratch import ScratchDatabase
from blocks.databases.sql_client import DATA
from tests.integration.backup_fixtures import back_up, store
from tests.integration.data_servers import Server
from tests.integration.odd_databases import CODE as ON_TABLES
from tests.integration.odd_databases import MARIADB, POSTGRESQL, SEQUENCES, Odd, kinds, role
from tests.integration.saved_databases import (
    BACKUP,
    asked,
    broken,
    emptied,
    run,
    sealed_by_0_1,
    suppressed,
)
from tidegate.errors import BackupError, CapacityError

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["store"]  # a fixture
AS_OTHERS = pytest.mark.crash_only("the other kinds of database")
ROLES = """SELECT rolname, rolcanlogin, rolconnlimit, rolpassword, array(SELECT unnest(setconfig) FROM pg_db_role_setting
    WHERE setrole = a.oid), array(SELECT roleid::regrole::text || admin_option FROM pg_auth_members WHERE member = a.oid)
  FROM pg_authid a WHERE rolname LIKE '{like}' ORDER BY 1"""


def proved_and_put_back(server: Server, store: BackupStore, odd: Odd) -> None:
    emptied(server, odd)
    run(server, odd.sql)
    made, before = back_up(server, store), asked(server, odd.look)
    assert made.tables == {f"main.{name}": rows for name, rows in odd.tables.items()}
    run(server, "CREATE TABLE since (id INT); INSERT INTO since VALUES (1)")
    assert replace_database(store, made, "main", server.owner()).tables == odd.tables
    assert (server.owner().row_counts(), asked(server, odd.look)) == (odd.tables, before)


@pytest.mark.parametrize(
    "odd", kinds(POSTGRESQL, AS_OTHERS, "schemas, and names", "settings, rights and limits")
)
def test_postgresql_comes_back_whole(postgresql: Server, store: BackupStore, odd: Odd) -> None:
    proved_and_put_back(postgresql, store, odd)


@pytest.mark.parametrize("odd", kinds(MARIADB, AS_OTHERS, "values of 9 MB"))
def test_mariadb_comes_back_whole(mysql: Server, store: BackupStore, odd: Odd) -> None:
    proved_and_put_back(mysql, store, odd)


@pytest.mark.parametrize("engine", ["mysql", "postgresql"])
def test_a_restore_that_fails_leaves_everything_as_it_was(
    engine: str, request: pytest.FixtureRequest, store: BackupStore
) -> None:
    server: Server = request.getfixturevalue(engine)
    emptied(server, Odd("", {}))
    run(server, "CREATE TABLE bills (id INT); INSERT INTO bills VALUES (1)")
    for statement in (
        "INSERT INTO nosuch VALUES (1)",
        "INSERT INTO bills VALUES (9)",
    ):  # it cannot be run, or brings other rows
        saved = broken(store, server, statement)
        with pytest.raises(BackupError):
            stand_beside(saved, server.owner(), as_proved(saved, BACKUP))
        assert server.owner().row_counts() == {"bills": 1}
    beside(server.owner()).remove()
    assert not beside(server.owner()).is_whole


@pytest.mark.parametrize("engine", ["mysql", "postgresql"])
def test_too_little_room_for_a_copy_is_said_before_it_is_made(
    engine: str, request: pytest.FixtureRequest, store: BackupStore
) -> None:
    server: Server = request.getfixturevalue(engine)
    large = replace(broken(store, server, ""), parts={DATA: Part("main.sql.gz", 1 << 60, "")})
    with pytest.raises(CapacityError, match="are free where it lies"):
        refuse_little_room(large, server.owner())
    assert not beside(server.owner()).is_whole


def test_a_login_that_may_create_no_database_is_told_so(
    postgresql: Server, mysql: Server, store: BackupStore
) -> None:
    emptied(postgresql, Odd("", {}, role("narrow", "LOGIN PASSWORD 'n4rrow'")))
    narrow = postgresql.database(POSTGRES_USER="narrow", POSTGRES_PASSWORD="n4rrow")
    for saved, login, said in (
        (broken(store, postgresql, ""), narrow, "may not create a database"),
        (broken(store, mysql, ""), mysql.database(), "may not use this database"),
    ):
        with pytest.raises(BackupError, match=said):
            stand_beside(saved, login, as_proved(saved, BACKUP))


def test_a_restore_onto_postgresql_in_use_ends_its_sessions(
    postgresql: Server, store: BackupStore
) -> None:
    emptied(postgresql, Odd("", {}))
    run(postgresql, "CREATE TABLE bills (id INT); SELECT lo_from_bytea(4711, 'tide')")
    made = back_up(postgresql, store)
    waiting = threading.Thread(target=lambda: suppressed(postgresql, "SELECT pg_sleep(60)"))
    waiting.start()
    try:
        assert replace_database(store, made, "main", postgresql.owner()).tables == {
            "bills": 0,
            "pg_catalog.pg_largeobject": 1,
        }
    finally:
        waiting.join()


def test_a_rehearsal_finds_its_tables_where_the_role_s_settings_look_for_them(
    postgresql: Server, store: BackupStore
) -> None:
    emptied(postgresql, Odd("", {}))
    run(
        postgresql,
        "CREATE SCHEMA meta; CREATE TABLE meta.bills (id INT); ALTER ROLE app SET search_path = meta, public",
    )
    found: list[list[str]] = []

    def rehearse(name: str, copy: ScratchDatabase) -> None:
        assert isinstance(copy.database, PostgreSQL)
        found.extend(copy.database.query("asking", "SELECT * FROM bills; SHOW search_path"))

    try:
        back_up(postgresql, store, rehearse=rehearse)
    finally:
        run(postgresql, "ALTER ROLE app RESET search_path")
    assert found == [["meta, public"]]


def test_roles_that_are_gone_come_back_and_those_that_are_there_stay(
    postgresql: Server, store: BackupStore
) -> None:
    emptied(
        postgresql,
        Odd(
            "",
            {},
            role("guest", "NOLOGIN")
            + role("guests")
            + role("teller")
            + role("tellers")
            + "ALTER ROLE teller LOGIN CONNECTION LIMIT 3 PASSWORD 't3ller'; "
            "ALTER ROLE teller SET work_mem = '6MB'",
        ),
    )
    run(
        postgresql,
        "CREATE TABLE bills (id INT); GRANT SELECT ON bills TO guests, tellers; GRANT guests TO guest; "
        "GRANT tellers TO teller WITH ADMIN OPTION",
    )
    made, teller = back_up(postgresql, store), asked(postgresql, ROLES.format(like="teller%"))
    emptied(
        postgresql,
        Odd(
            "",
            {},
            "DROP ROLE teller; DROP ROLE tellers; REVOKE guests FROM guest; "
            "ALTER ROLE guest PASSWORD 'new'",
        ),
    )
    guest = asked(postgresql, ROLES.format(like="guest%"))
    replace_database(store, made, "main", postgresql.owner())
    assert asked(postgresql, ROLES.format(like="teller%")) == teller
    assert asked(postgresql, ROLES.format(like="guest%")) == guest
    assert postgresql.database(POSTGRES_USER="teller", POSTGRES_PASSWORD="t3ller").row_counts() == {
        "bills": 0
    }


def test_users_that_are_gone_come_back_and_those_that_are_there_stay(
    mysql: Server, store: BackupStore
) -> None:
    emptied(
        mysql,
        Odd(
            "",
            {},
            "CREATE USER IF NOT EXISTS reader@'%' IDENTIFIED BY 'r3ader'; CREATE ROLE IF NOT EXISTS books; "
            "CREATE USER IF NOT EXISTS guest@'%' IDENTIFIED BY 'gu3st'; GRANT ALL ON other.* TO reader@'%'",
        ),
    )
    run(
        mysql,
        "CREATE TABLE bills (id INT); CREATE TABLE notes (id INT); GRANT SELECT ON app.bills TO reader@'%'; "
        "GRANT SELECT ON app.* TO books; GRANT books TO reader@'%'; GRANT SELECT ON app.notes TO guest@'%'",
    )
    made = back_up(mysql, store)
    run(mysql, "DROP USER reader@'%'; DROP ROLE books; REVOKE ALL ON app.notes FROM guest@'%'")
    replace_database(store, made, "main", mysql.owner())
    assert mysql.database(MYSQL_USER="reader", MYSQL_PASSWORD="r3ader").row_counts() == {"bills": 0}
    assert [line for [line] in asked(mysql, "SHOW GRANTS FOR guest@'%'") if "app" in line] == []
    assert sorted(line.split(" TO ")[0] for [line] in asked(mysql, "SHOW GRANTS FOR reader@'%'"))[
        :2
    ] == ["GRANT SELECT ON `app`.`bills`", "GRANT USAGE ON *.*"]
    assert [line for [line] in asked(mysql, "SHOW GRANTS FOR books") if "`app`" in line] == [
        "GRANT SELECT ON `app`.* TO `books`"
    ]


def test_what_stands_on_the_tables_works_after_a_restore(mysql: Server, store: BackupStore) -> None:
    emptied(mysql, ON_TABLES)
    run(mysql, ON_TABLES.sql)
    made = back_up(mysql, store)
    run(
        mysql,
        "DROP EVENT daily; DROP TRIGGER one_more; CREATE PROCEDURE since() SELECT 2; "
        "CREATE VIEW later AS SELECT 1 AS one; CREATE TRIGGER late AFTER INSERT ON bills FOR EACH ROW DELETE FROM counted",
    )
    replace_database(store, made, "main", mysql.owner())
    run(mysql, "INSERT INTO bills VALUES (10)")
    assert asked(mysql, "SELECT n FROM counted; SELECT * FROM halves") == [["2"], ["2"], ["5"]]
    assert asked(
        mysql,
        "SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'app' ORDER BY 1; "
        "SELECT event_name FROM information_schema.events; SELECT trigger_name FROM information_schema.triggers "
        "WHERE trigger_schema = 'app'; SELECT table_name FROM information_schema.views WHERE table_schema = 'app'",
    ) == [["half"], ["p"], ["daily"], ["one_more"], ["halves"]]


@AS_OTHERS
def test_a_default_of_a_sequence_goes_on_counting(mysql: Server, store: BackupStore) -> None:
    emptied(mysql, SEQUENCES)
    run(mysql, SEQUENCES.sql)
    made = back_up(mysql, store)
    assert made.tables == {f"main.{name}": rows for name, rows in SEQUENCES.tables.items()}
    run(mysql, "DROP TABLE bills; DROP TABLE aa; DROP SEQUENCE s; DROP SEQUENCE zz")
    saved = saved_database(store, made, "main", mysql.owner())
    stand_beside(saved, mysql.owner(), as_proved(saved, made))
    beside(mysql.owner()).remove()  # given up: it leaves nothing beside or inside
    assert (mysql.owner().row_counts(), asked(mysql, "SHOW DATABASES LIKE 'app%'")) == (
        {},
        [["app"]],
    )
    replace_database(store, made, "main", mysql.owner())
    run(mysql, "INSERT INTO bills (note) VALUES ('b')")
    assert asked(
        mysql, "SELECT note FROM bills ORDER BY id; SELECT COUNT(DISTINCT id) FROM bills"
    ) == [["a"], ["b"], ["2"]]


@pytest.mark.parametrize("engine", ["mysql", pytest.param("postgresql", marks=AS_OTHERS)])
def test_a_backup_of_version_0_1_comes_back(
    engine: str, request: pytest.FixtureRequest, store: BackupStore
) -> None:
    """One file with everything in it; tables by their bare names; nothing of roles or users."""
    server: Server = request.getfixturevalue(engine)
    emptied(server, Odd("", {}))
    more = {
        "mysql": [
            "CREATE TRIGGER twice BEFORE INSERT ON bills FOR EACH ROW SET NEW.id = NEW.id * 2",
            "CREATE VIEW v AS SELECT id FROM bills",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM bills",
        ],
        "postgresql": [
            "CREATE SCHEMA audit",
            "CREATE TABLE audit.bills (id INT)",
            "SELECT lo_from_bytea(4711, 'tide')",
        ],
    }
    run(
        server,
        ";".join(["CREATE TABLE bills (id INT)", "INSERT INTO bills VALUES (1)", *more[engine]]),
    )
    made = sealed_by_0_1(store, server, {"main.bills": 1})
    run(server, "CREATE TABLE since (id INT)")
    tables = replace_database(store, made, "main", server.owner()).tables
    assert tables == (
        {"bills": 1}
        if engine == "mysql"
        else {"bills": 1, "audit.bills": 0, "pg_catalog.pg_largeobject": 1}
    )

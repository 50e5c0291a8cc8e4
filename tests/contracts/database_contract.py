"""What every database adapter does. A suite inherits this and gives `server`: an empty, running
one."""

from __future__ import annotations

import io
from typing import Any

import pytest

from blocks.databases.sql_client import DATA
from tidegate.errors import DatabaseError

_SCHEMA = """
DROP TABLE IF EXISTS notes;
DROP TABLE IF EXISTS people;
CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(200) NOT NULL);
CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), body TEXT);
INSERT INTO people VALUES (1, '潮'), (2, 'O''Neill; -- %s'), (3, 'a
b\tc');
"""


class DatabaseContract:
    """One class per adapter."""

    def test_free_connections_are_a_number_below_the_limit(self, server: Any) -> None:
        assert 10 < server.database().free_connections() < 1000

    def test_a_wrong_password_is_named_and_never_shown(self, server: Any) -> None:
        spec, canary = server.spec, "canary-8f1d"
        with pytest.raises(DatabaseError, match="user or password is wrong") as raised:
            server.database(**{spec.password_key: canary}).ping()
        assert canary not in str(raised.value) + repr(raised.value)

    def test_a_port_where_nobody_listens_is_a_server_that_does_not_answer(
        self, server: Any
    ) -> None:
        with pytest.raises(DatabaseError, match="does not answer"):
            server.database(**{server.spec.port_key: "9"}).ping()

    def test_a_login_that_is_waited_for_in_vain_ends_with_the_last_answer(
        self, server: Any
    ) -> None:
        server.database().wait(0)
        canary = "canary-8f1d"
        with pytest.raises(DatabaseError, match="user or password is wrong") as raised:
            server.database(**{server.spec.password_key: canary}).wait(1)
        assert canary not in str(raised.value) + repr(raised.value)

    def test_neither_repr_shows_the_password(self, server: Any) -> None:
        password = server.environment[server.spec.password_key]
        database = server.database()
        assert password not in repr(database) + repr(database.login) + repr(vars(database))

    def test_a_full_disk_on_our_side_ends_a_dump(self, server: Any) -> None:
        with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space"):
            server.database().dumps()[DATA](full)


class SqlContract(DatabaseContract):
    """One class per adapter of a database of SQL; each test leaves the schema above."""

    def test_a_dump_restores_to_the_same_rows(self, server: Any) -> None:
        server.sql(_SCHEMA)
        dump, again = io.BytesIO(), io.BytesIO()
        server.owner().dumps()[DATA](dump)
        server.sql("DROP TABLE notes; DELETE FROM people")
        server.sql("DROP TABLE people")
        server.owner().restore(io.BytesIO(dump.getvalue()))
        assert dict(server.database().row_counts()) == {"notes": 0, "people": 3}
        server.owner().dumps()[DATA](again)
        assert _rows(again) == _rows(dump)

    def test_rows_are_counted_exactly_in_tables_of_any_name(self, server: Any) -> None:
        quote = "`" if server.spec.engine == "mysql" else '"'
        server.sql(_SCHEMA + f"CREATE TABLE {quote}order 潮{quote} (id INTEGER); ")
        server.sql(f"INSERT INTO {quote}order 潮{quote} VALUES (1), (1)")
        assert dict(server.database().row_counts()) == {"notes": 0, "people": 3, "order 潮": 2}
        server.sql(f"DROP TABLE {quote}order 潮{quote}")

    def test_a_question_is_answered_by_one_number_and_can_write_nothing(self, server: Any) -> None:
        server.sql(_SCHEMA)
        assert server.owner().count("SELECT COUNT(*) FROM people WHERE CHAR_LENGTH(name) > 1") == 2
        with pytest.raises(DatabaseError, match=r"(?i)read.only"):
            server.owner().count("DELETE FROM people")
        assert dict(server.database().row_counts()) == {"notes": 0, "people": 3}

    def test_the_size_of_the_data_grows_with_it(self, server: Any) -> None:
        server.sql(_SCHEMA)
        assert server.database().data_size() > 0

    def test_the_revision_is_what_the_schema_history_wrote(self, server: Any) -> None:
        server.sql(_SCHEMA)
        assert server.database().revision() is None
        server.sql("CREATE TABLE alembic_version (version_num VARCHAR(32)); ")
        server.sql("INSERT INTO alembic_version VALUES ('0001')")
        assert server.database().revision() == "0001"
        server.sql("DROP TABLE alembic_version")

    def test_a_history_s_table_is_found_by_whatever_name(self, server: Any) -> None:
        server.sql("DROP TABLE IF EXISTS notes; DROP TABLE IF EXISTS people")
        state = server.database().schema_state()
        assert (state.revision_tables, state.has_other_tables) == ((), False)
        server.sql(
            "CREATE TABLE my_history (version_num VARCHAR(32)); CREATE TABLE empty_history (version_num VARCHAR(32)); "
            "CREATE TABLE alembic_version (version_num VARCHAR(32), at VARCHAR(9)); "
        )
        server.sql(
            "INSERT INTO my_history VALUES ('a1'), ('b2'); INSERT INTO alembic_version VALUES ('0001', 'now')"
        )
        state = server.database().schema_state()
        found = {table.name: sorted(table.revisions) for table in state.revision_tables}
        assert found == {
            "my_history": ["a1", "b2"],
            "empty_history": [],
            "alembic_version": ["0001"],
        }
        assert state.named("my_history", state.default_schema) == state.named("my_history")
        assert not state.has_other_tables
        assert server.database().revision() == "0001"
        server.sql("DROP TABLE my_history; DROP TABLE empty_history; DROP TABLE alembic_version")

    def test_a_table_of_the_application_is_no_history(self, server: Any) -> None:
        server.sql(_SCHEMA + "CREATE TABLE papers (id INTEGER, version_num VARCHAR(32));")
        state = server.database().schema_state()
        server.sql("DROP TABLE papers")
        assert (state.revision_tables, state.has_other_tables) == ((), True)

    def test_an_unknown_database_is_named(self, server: Any) -> None:
        owner = dict(server.environment) | {server.spec.database_key: "nowhere"}
        with pytest.raises(DatabaseError, match=r"no such database|may not use this database"):
            server.database(**owner).ping()

    def test_the_first_statement_that_fails_ends_a_restore(self, server: Any) -> None:
        server.sql(_SCHEMA)
        with pytest.raises(DatabaseError, match="nosuch"):
            server.sql("INSERT INTO nosuch VALUES (1); INSERT INTO people VALUES (9, 'late');")
        assert server.database().row_counts()["people"] == 3


def _rows(dump: io.BytesIO) -> list[str]:
    return [
        line for line in dump.getvalue().decode().splitlines() if not line.startswith(("--", "\\"))
    ]

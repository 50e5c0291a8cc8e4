"""PostgreSQL, spoken to by the client programs inside the database's own container."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, cast

from blocks.databases.postgresql.roles import globals_script, literal
from blocks.databases.revision_tables import MOST_REVISIONS, schema_state
from blocks.databases.sql_client import (
    CONNECT_SECONDS,
    DATA,
    GLOBALS,
    HOUR,
    Login,
    Room,
    SqlClient,
    Tail,
    cells,
    shown,
    statement,
    unhex,
    without_beside,
)
from tidegate.errors import DatabaseError
from tidegate.facts import SchemaState
from tidegate.ports import JobRunner

END_MARK = b"-- PostgreSQL database dump complete"
_FAULTS = (
    (
        "password authentication failed",
        "the user or password is wrong",
        "Compare the env file with what the database was created with",
    ),
    (
        "permission denied to create database",
        "the user may not create a database, and a restore needs one beside yours",
        "Let it: ALTER ROLE <user> CREATEDB",
    ),
    (
        "does not exist",
        "there is no such database, user or table",
        "Create it, or correct its name in the env file",
    ),
    ("permission denied", "the user may not do this", "Make the user the owner of the database"),
    (
        "not currently accepting connections",
        "the database lets nobody in",
        "Let Tidegate in: ALTER DATABASE <database> ALLOW_CONNECTIONS true; or drop the database",
    ),
    (
        "could not translate host name",
        "nobody here knows the server's name",
        "Correct it in the env file",
    ),
    (
        "timeout expired",
        "the server does not answer",
        "See whether its network and firewall let this host in",
    ),
    ("could not connect", "the server does not answer", "Start it, or wait until it has started"),
    ("Connection refused", "the server does not answer", "Start it, or wait until it has started"),
    ("the database system is starting up", "the server is starting", "Wait until it has started"),
    (
        "too many clients",
        "the server has no free connection",
        "Close some, or raise max_connections",
    ),
)
# What a role or a database is set to for its application is not meant for us: a time limit, reading
# only, a filter of rows.
_OPTIONS = (
    "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c "
    "default_transaction_read_only=off -c row_security=off"
)


def _hex(text: str) -> str:
    return f"encode(convert_to({text}, 'UTF8'), 'hex')"


_OURS_OF_ANY_KIND = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_SIZE = "SELECT pg_database_size(current_database())"
_SIZE_OF = "SELECT coalesce(sum(pg_database_size(oid)), 0) FROM pg_database WHERE datname = {}"
_SERVER = "template1"
"""The database from which others are made and renamed: every server has it, and nobody works in
it."""
# The last ones belong to whoever runs the server. -2 is one whose removal was begun.
_DATABASES = f"""SELECT {_hex("datname")} FROM pg_database WHERE datconnlimit <> -2
  AND datname NOT IN ('template0', 'template1', 'postgres',
    'rdsadmin', 'cloudsqladmin', 'azure_maintenance', 'azure_sys')"""
_OURS = f"{_OURS_OF_ANY_KIND} AND c.relkind = 'r'"
_OTHER_ROWS = ("pg_catalog.pg_largeobject", "pg_catalog.pg_sequences")
# psql's \gexec: the server itself writes the SQL that reads whatever tables there are, then runs
# it. One question instead of two. All that holds rows is counted. A partitioned table holds none
# itself, and a view that was never filled has none to count.
_COUNTS = f"""SELECT coalesce(string_agg(format('SELECT %L, %L, count(*) FROM %I.%I UNION ALL ',
    {_hex("n.nspname")}, {_hex("c.relname")}, n.nspname, c.relname), ''), '') || $$
  SELECT {_hex("'pg_catalog'")}, {_hex("'pg_largeobject'")}, count(*) FROM pg_largeobject_metadata
  UNION ALL SELECT {_hex("'pg_catalog'")}, {_hex("'pg_sequences'")}, count(*)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
WHERE {_OURS_OF_ANY_KIND} AND c.relkind = 'S'$$
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {_OURS_OF_ANY_KIND} AND c.relkind IN ('r', 'm') AND c.relispopulated \\gexec
"""
# A history's table has one column, or is called as Alembic calls it and has got more of them.
_HISTORIES = f"""SELECT n.nspname AS place, c.relname AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE {_OURS} AND has_table_privilege(c.oid, 'SELECT')
  GROUP BY n.nspname, c.relname
  HAVING count(*) FILTER (WHERE a.attname = 'version_num') = 1
    AND (count(*) = 1 OR c.relname LIKE 'alembic\\_version%')"""
_STATE = f"""SELECT 'default', {_hex("coalesce(current_schema(), '')")}, ''
UNION ALL SELECT 'table', {_hex("n.nspname")}, {_hex("c.relname")}
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
UNION ALL SELECT 'revisions', {_hex("place")}, {_hex("name")} FROM ({_HISTORIES}) AS histories;
SELECT format('SELECT ''written'', %L, %L, {_hex("version_num::text").replace("'", "''")} \
FROM %I.%I LIMIT {MOST_REVISIONS}',
  {_hex("place")}, {_hex("name")}, place, name) FROM ({_HISTORIES}) AS histories \\gexec
"""


class PostgreSQL:
    """One PostgreSQL database in `container`; `login` must own it."""

    end_marks: Mapping[str, bytes] = {GLOBALS: b"", DATA: END_MARK}
    """By kind of file: the last words of a complete one."""
    file_type = "sql"

    def __init__(
        self, host: JobRunner, container: str, login: Login, opened: str | None = None
    ) -> None:
        self.login = login
        self._at = host, container
        environment = {
            "PGDATABASE": opened or login.database,
            "PGPASSWORD": login.password,
            "PGOPTIONS": _OPTIONS,
            "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
            "PGHOST_THERE": login.host,
        }
        self._client = SqlClient(host, container, login, environment, _explain)

    def ping(self, timeout_seconds: float = 20) -> None:
        """Log in and use the database. Raises DatabaseError that tells which of these failed."""
        self.query("logging in to", "SELECT 1", timeout_seconds=timeout_seconds)

    def wait(self, seconds: float) -> None:
        """Until the login succeeds. Raises DatabaseError with the last answer."""
        self._client.wait(self._asking(), statement("SELECT 1"), seconds)

    def named(self, database: str) -> PostgreSQL:
        """Another database of the same server, by the same login."""
        return PostgreSQL(*self._at, replace(self.login, database=database))

    @property
    def server(self) -> PostgreSQL:
        """Asked by way of a database that every server has: this one need not be there."""
        return PostgreSQL(*self._at, self.login, _SERVER)

    def databases(self) -> list[str]:
        """The names of the server's databases, without the server's own and our copies."""
        found = self.server.query("listing the databases beside", _DATABASES)
        return without_beside(unhex(name) for [name] in found)

    def dumps(self) -> Mapping[str, Callable[[BinaryIO], None]]:
        """By kind of file, in the order in which they are restored."""
        return {GLOBALS: self.dump_globals, DATA: self.dump}

    def dump_globals(self, into: BinaryIO) -> None:
        """Roles and the database's own settings, as a script for psql. Raises DatabaseError."""
        into.write(globals_script(self.query).encode())

    def dump(self, into: BinaryIO) -> None:
        """A consistent dump as plain SQL. Its tables come back in the database's own tablespace.
        Raises DatabaseError."""
        tail = Tail(into)
        self._client.run(
            "dumping", self._program("pg_dump", "--no-tablespaces"), stdout=cast(BinaryIO, tail)
        )
        if END_MARK not in tail.end:
            raise DatabaseError(
                f"dumping {self.login.database!r}", "it stops before its end mark", "Try again"
            )

    def restore(self, dump: BinaryIO, **variables: str) -> None:
        """Run a dump, plain SQL. Raises DatabaseError at the first statement that fails."""
        given = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        command = self._program(
            "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", *given
        )
        self._client.run("restoring into", command, stdin=dump)

    def row_counts(self) -> Mapping[str, int]:
        """Exact rows of all that holds some, seen at one moment. A name outside the schema `public`
        begins with its schema."""
        rows = self.query("counting the rows of", _COUNTS)
        found = {_shown(unhex(schema), unhex(name)): int(count) for schema, name, count in rows}
        return {name: count for name, count in found.items() if count or name not in _OTHER_ROWS}

    def free_connections(self) -> int:
        """How many more clients the server takes."""
        return int(
            self.query(
                "counting the connections of",
                "SELECT current_setting('max_connections')::int - "
                "count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'",
            )[0][0]
        )

    def data_size(self) -> int:
        """Bytes on disk."""
        return int(self.query("measuring", _SIZE)[0][0])

    def room(self) -> Room:
        """On the disk on which the server keeps its data. One that is not there takes none."""
        server, size = self.server, _SIZE_OF.format(literal(self.login.database))
        if self.login.host:
            return Room(int(server.query("measuring", size)[0][0]), None)
        folder = '"${PGDATA:-/var/lib/postgresql/data}"'
        return server._client.room(self._asking(), size, folder)

    def schema_state(self) -> SchemaState:
        """The tables of schema histories that this login sees, with what is written in them."""
        return schema_state(self.query("reading the revision of", _STATE))

    def count(self, question: str) -> int:
        """The one number that `question` asks for. Nothing can be written by it. Raises
        DatabaseError."""
        return int(
            self.query("asking the data of", f"START TRANSACTION READ ONLY; {question}")[0][0]
        )

    def names(self, question: str) -> tuple[str, ...]:
        """The first cell of each row. Nothing can be written by the question. Raises
        DatabaseError."""
        return tuple(
            row[0]
            for row in self.query(
                "asking for the migrations of", f"START TRANSACTION READ ONLY; {question}"
            )
        )

    def revision(self) -> str | None:
        """What Alembic wrote into its table, or None where there is no such table or row."""
        table = self.schema_state().likely()
        return ", ".join(table.revisions) or None if table else None

    def query(self, doing: str, sql: str, timeout_seconds: float = HOUR) -> list[list[str]]:
        return cells(
            self._client.run(
                doing, self._asking(), stdin=statement(sql), timeout_seconds=timeout_seconds
            )
        )

    def _asking(self) -> Sequence[str]:
        return self._program("psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1")

    def _program(self, name: str, *arguments: str) -> Sequence[str]:
        """By the container's own address: on the loopback one the official image lets everybody in
        unasked."""
        return (
            "sh",
            "-c",
            'exec "$0" --host="${PGHOST_THERE:-$(hostname)}" "$@"',
            name,
            f"--port={self.login.port}",
            "--no-password",
            f"--username={self.login.user}",
            *arguments,
        )


def _shown(schema: str, name: str) -> str:
    return shown(name) if schema == "public" else shown(schema, name)


def _explain(said: str, database: str) -> tuple[str, str]:
    line = next(
        (line for line in said.splitlines() if "ERROR" in line or "error" in line),
        said.splitlines()[-1],
    )
    for text, came_back, to_do in _FAULTS:
        if text in said:
            return f"{came_back} ({line})", to_do
    return line, f"Correct what it names in {database!r}"

"""PostgreSQL, spoken to by the client programs inside the database's own container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, cast

from blocks.databases.postgresql.questions import (
    COUNTED,
    COUNTS,
    DATABASES,
    DUMP,
    OTHER_ROWS,
    SERVER,
    SIZE,
    SIZE_OF,
    STATE,
)
from blocks.databases.postgresql.roles import globals_script, literal
from blocks.databases.revision_tables import schema_state
from blocks.databases.seen import Seen
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
            "PGPORT": str(login.port),
            "PGUSER": login.user,
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
        return PostgreSQL(*self._at, self.login, SERVER)

    def databases(self) -> list[str]:
        """The names of the server's databases, without the server's own and our copies."""
        found = self.server.query("listing the databases beside", DATABASES)
        return without_beside(unhex(name) for [name] in found)

    def dumps(self) -> Mapping[str, Callable[[BinaryIO], Seen | None]]:
        """By kind of file, in the order in which they are restored."""
        return {GLOBALS: self.dump_globals, DATA: self.dump}

    def dump_globals(self, into: BinaryIO) -> None:
        """Roles and the database's own settings, as a script for psql. Raises DatabaseError."""
        into.write(globals_script(self.query).encode())

    def dump(self, into: BinaryIO) -> Seen:
        """A consistent dump as plain SQL, and what is counted at the same moment. Its tables come
        back in the database's own tablespace. Raises DatabaseError."""
        tail = Tail(into)
        said = self._client.heard(
            "dumping", self._asking(), stdin=statement(DUMP), stdout=cast(BinaryIO, tail)
        )
        if END_MARK not in tail.end:
            besides = COUNTED.sub("", said).strip()
            raise (
                self._client.error("dumping", besides)
                if besides
                else self._client.cut_short("dumping")
            )
        return Seen([_counts(found.groups() for found in COUNTED.finditer(said))], 0)

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
        return _counts(self.query("counting the rows of", COUNTS))

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
        return int(self.query("measuring", SIZE)[0][0])

    def room(self) -> Room:
        """On the disk on which the server keeps its data. One that is not there takes none."""
        server, size = self.server, SIZE_OF.format(literal(self.login.database))
        if self.login.host:
            return Room(int(server.query("measuring", size)[0][0]), None)
        folder = '"${PGDATA:-/var/lib/postgresql/data}"'
        return server._client.room(self._asking(), size, folder)

    def schema_state(self) -> SchemaState:
        """The tables of schema histories that this login sees, with what is written in them."""
        return schema_state(self.query("reading the revision of", STATE))

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
            'export PGHOST="${PGHOST_THERE:-$(hostname)}"; exec "$0" "$@"',
            name,
            "--no-password",
            *arguments,
        )


def _counts(rows: Iterable[Sequence[str]]) -> Mapping[str, int]:
    found = {_shown(unhex(schema), unhex(name)): int(count) for schema, name, count in rows}
    return {name: count for name, count in found.items() if count or name not in OTHER_ROWS}


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

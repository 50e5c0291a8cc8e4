"""MySQL 8 and MariaDB, spoken to by the client programs inside the database's own container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import BinaryIO, cast

from blocks.databases.mysql.faults import explained
from blocks.databases.mysql.questions import (
    BEGUN,
    COUNTS,
    DATABASES,
    OBJECTS,
    REVISIONS,
    SIZE,
    SIZE_OF,
    STATE,
    VERSIONED,
    VIEWS,
    WRITES,
    WRITTEN,
    WRITTEN_SINCE,
    literal,
    written_rows,
)
from blocks.databases.mysql.users import Objects, globals_script, with_users
from blocks.databases.revision_tables import schema_state
from blocks.databases.seen import Begun, Seen
from blocks.databases.sql_client import (
    CODE,
    CONNECT_SECONDS,
    DATA,
    GLOBALS,
    HOUR,
    Login,
    Room,
    SqlClient,
    Step,
    Tail,
    cells,
    statement,
    unhex,
    without_beside,
)
from tidegate.facts import SchemaState
from tidegate.ports import JobRunner

END_MARK = b"-- Dump completed"
_PACKET = "--max-allowed-packet=1G"
"""For the client programs, whose own limit is smaller than a row may be."""


class MySQL:
    """One MySQL database in `container`. `login` needs every privilege on it; root also saves
    others' routines."""

    end_marks: Mapping[str, bytes] = {GLOBALS: b"", DATA: END_MARK, CODE: END_MARK}
    """By kind of file: the last words of a complete one."""
    file_type = "sql"

    def __init__(
        self, host: JobRunner, container: str, login: Login, opened: str | None = None
    ) -> None:
        self.login, self._opened = login, opened or login.database
        self._at = host, container
        self._client = SqlClient(host, container, login, {"MYSQL_PWD": login.password}, explained)

    def ping(self, timeout_seconds: float = 20) -> None:
        """Log in and use the database. Raises DatabaseError that tells which of these failed."""
        self.query("logging in to", "SELECT 1", timeout_seconds=timeout_seconds)

    def wait(self, seconds: float) -> None:
        """Until the login succeeds. Raises DatabaseError with the last answer."""
        self._client.wait(self._asking(), statement("SELECT 1"), seconds)

    def named(self, database: str) -> MySQL:
        """Another database of the same server, by the same login."""
        return MySQL(*self._at, replace(self.login, database=database))

    @property
    def server(self) -> MySQL:
        """Asked by way of a database that every server has: this one need not be there."""
        return MySQL(*self._at, self.login, "information_schema")

    def databases(self) -> list[str]:
        """The names of the server's databases that the login sees, without the server's own and our
        copies."""
        found = self.server.query("listing the databases beside", DATABASES)
        return without_beside(unhex(name) for [name] in found)

    def dumps(self) -> Mapping[str, Callable[[BinaryIO], Seen | None]]:
        """By kind of file, in the order in which they are restored; what there is to dump is seen
        now. Raises DatabaseError."""
        seen = with_users(self.query, "listing what is in", OBJECTS)
        objects = [(kind, unhex(name)) for kind, name in seen.rows]
        return {
            GLOBALS: partial(self._dump_globals, objects, seen.users),
            DATA: partial(self._dump_rows, objects),
            CODE: self.dump_code,
        }

    def _dump_globals(self, objects: Objects, users: Sequence[str], into: BinaryIO) -> None:
        """Sequences and users, as SQL."""
        into.write(globals_script(self.query, self.login.database, objects, users).encode())

    def _dump_rows(self, objects: Objects, into: BinaryIO) -> Seen:
        """A consistent dump of the tables with their rows and history, as plain SQL.

        No client program can count at the moment of a dump. So it is counted before and after, and
        the server says how much was written, in all its databases, until the dump had begun, and
        which tables were. What a transaction wrote before the count is not in that number.
        """
        [[now], *looked] = self._look(BEGUN)
        counts = _counts(looked)
        begun = Begun(into, self._written)
        history = ["--dump-history"] if any(kind == VERSIONED for kind, _ in objects) else []
        views = [
            f"--ignore-table={self.login.database}.{name}"
            for kind, name in objects
            if kind == "VIEW"
        ]
        self._dump(
            cast(BinaryIO, begun),
            "--skip-triggers",
            "--quick",
            *history,
            *views,
            "--",
            self.login.database,
        )
        # an answer that is smaller is one of a server that has forgotten what was written
        changes = max(begun.answer() - written_rows(looked), 0)
        after = self._look(WRITTEN_SINCE.format(now))
        touched = {unhex(row[0]) for row in after if len(row) == 1}
        return Seen([counts, _counts(after)], changes, counts.keys() - touched)

    def dump_code(self, into: BinaryIO) -> None:
        """What stands on the tables: routines, triggers and events, then the views, which may call
        a routine."""
        self._dump(
            into,
            "--no-create-info",
            "--no-data",
            "--routines",
            "--triggers",
            "--events",
            "--",
            self.login.database,
        )
        # now: the rows may have taken hours
        views = [unhex(name) for [name] in self.query("listing the views of", VIEWS)]
        if views:
            self._dump(into, "--no-data", "--skip-triggers", "--", self.login.database, *views)

    def _dump(self, into: BinaryIO, *arguments: str) -> None:
        tail = Tail(into)
        self._client.run(
            "dumping",
            self._program(
                "mariadb-dump",
                "mysqldump",
                "--single-transaction",
                "--skip-add-locks",
                "--hex-blob",
                "--no-tablespaces",
                _PACKET,
                "--loose-set-gtid-purged=OFF",
                *arguments,
            ),
            stdout=cast(BinaryIO, tail),
        )
        if END_MARK not in tail.end:
            raise self._client.cut_short("dumping")

    def restore(self, dump: BinaryIO) -> None:
        """Run a dump, plain SQL. Raises DatabaseError at the first statement that fails."""
        self._client.run(
            "restoring into",
            self._program("mariadb", "mysql", _PACKET, f"--database={self._opened}"),
            stdin=dump,
        )

    def act(self, steps: Sequence[Step]) -> None:
        """Take the steps in their order, in one run of the client. Raises DatabaseError at the
        first statement that fails."""
        self._client.act(self._asking(_PACKET), steps)

    def row_counts(self) -> Mapping[str, int]:
        """Exact rows of all that holds some, seen at one moment. A table that keeps its history has
        a second number with it."""
        return _counts(self._look())

    def _look(self, *questions: str) -> list[list[str]]:
        """The answers, how much was written before, and how many rows there are."""
        return self.query("counting the rows of", "; ".join((*questions, WRITTEN, COUNTS)))

    def _written(self) -> int:
        return written_rows(self.query("asking what is written to", WRITTEN))

    def free_connections(self) -> int:
        """How many more clients the server takes."""
        rows = self.query(
            "counting the connections of",
            "SELECT @@GLOBAL.max_connections; SHOW GLOBAL STATUS LIKE 'Threads_connected'",
        )
        return int(rows[0][0]) - int(rows[1][1])

    def data_size(self) -> int:
        """Bytes of tables and indexes, by the server's own estimate."""
        return int(self.query("measuring", SIZE)[0][0])

    def room(self) -> Room:
        """On the disk on which the server keeps its data. One that is not there takes none."""
        server, size = self.server, SIZE_OF.format(literal(self.login.database))
        if self.login.host:
            return Room(int(server.query("measuring", size)[0][0]), None)
        asking = server._asking()
        return self._client.room(asking, f"{size}; SELECT @@datadir", '"$last"')

    def schema_state(self) -> SchemaState:
        """The tables of schema histories that this login sees, with what is written in them."""
        return schema_state(self.query("reading the revision of", f"{STATE}; {REVISIONS}"))

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

    def _asking(self, *options: str) -> Sequence[str]:
        return self._program(
            "mariadb",
            "mysql",
            "--batch",
            "--skip-column-names",
            *options,
            f"--database={self._opened}",
        )

    def _program(self, mariadb: str, mysql: str, *arguments: str) -> Sequence[str]:
        """Argv that takes what the container has. TCP: the socket also answers while the image
        initialises."""
        return (
            "sh",
            "-c",
            _PICK,
            mariadb,
            mysql,
            "--protocol=TCP",
            f"--host={self.login.host or '127.0.0.1'}",
            f"--port={self.login.port}",
            f"--user={self.login.user}",
            f"--loose-connect-timeout={CONNECT_SECONDS}",
            "--default-character-set=utf8mb4",
            "--loose-get-server-public-key",
            *arguments,
        )


_PICK = (
    'first=$0 other=$1; shift; exec "$(command -v "$first" || command -v "$other" '
    '|| echo "$other")" "$@"'
)


def _counts(look: Iterable[Sequence[str]]) -> dict[str, int]:
    """Of the rows with a name and a number."""
    pairs = ((row[0], row[1]) for row in look if len(row) == 2)
    return {unhex(name): int(count) for name, count in pairs if name not in WRITES}

"""MySQL 8 and MariaDB, spoken to by the client programs inside the database's own container."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, cast

from blocks.mysql_users import globals_script
from blocks.revision_tables import MOST_REVISIONS, schema_state
from blocks.sql_client import CODE, DATA, GLOBALS, HOUR, Login, SqlClient, Tail, cells, quoted, statement, unhex
from tidegate.errors import DatabaseError
from tidegate.facts import SchemaState
from tidegate.ports import JobRunner

END_MARK = b"-- Dump completed"
_FAULTS = (
    ("ERROR 1045", "the user or password is wrong", "Compare the env file with what the database was created with"),
    ("ERROR 1044", "the user may not use this database", "Grant it: GRANT ALL ON <database>.* TO <user>"),
    ("ERROR 1049", "there is no such database", "Create it, or correct its name in the env file"),
    ("ERROR 2002", "the server does not answer", "Start it, or wait until it has started"),
    ("ERROR 2003", "the server does not answer", "Start it, or wait until it has started"),
    ("ERROR 1040", "the server has no free connection", "Close some, or raise max_connections"),
    ("unknown option '--dump-history'", "a table WITH SYSTEM VERSIONING has a history, and these client programs cannot dump it",
     "Use MariaDB 10.11 or newer, or drop the system versioning of the tables"),
    ("not found", "the container has no MySQL client programs", "Use an image that has them, such as mysql:8"),
)
_TABLES = ("SELECT HEX(table_name), table_type FROM information_schema.tables "
           "WHERE table_schema = DATABASE() AND table_type <> 'VIEW'")
_VIEWS = "SELECT HEX(table_name) FROM information_schema.views WHERE table_schema = DATABASE()"
_VERSIONED, _HISTORY = "SYSTEM VERSIONED", "FOR SYSTEM_TIME ALL"
_PACKET = "--max-allowed-packet=1G"
"""For the client programs, whose own limit is smaller than a row may be."""
_CHARSET = ("SELECT default_character_set_name, default_collation_name FROM information_schema.schemata "
            "WHERE schema_name = DATABASE()")
# A history's table has one column, or is called as Alembic calls it and has got more of them.
_STATE = """SELECT 'default', HEX(DATABASE()), ''
UNION ALL SELECT 'table', HEX(DATABASE()), HEX(table_name) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type <> 'VIEW'
UNION ALL SELECT 'filled', HEX(table_name), HEX(column_name) FROM information_schema.columns
  WHERE table_schema = DATABASE() AND (column_default <> 'NULL' OR extra LIKE '%auto_increment%')
UNION ALL SELECT 'revisions', HEX(c.table_schema), HEX(c.table_name)
  FROM information_schema.columns c JOIN information_schema.tables t
    ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type <> 'VIEW'
  WHERE c.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
  GROUP BY c.table_schema, c.table_name
  HAVING SUM(c.column_name = 'version_num') = 1
    AND (COUNT(*) = 1 OR c.table_name LIKE 'alembic\\_version%')"""


class MySQL:
    """One MySQL database in `container`. `login` needs every privilege on it; root also saves others' routines."""

    end_marks: Mapping[str, bytes] = {GLOBALS: b"", DATA: END_MARK, CODE: END_MARK}
    """By kind of file: the last words of a complete one."""

    def __init__(self, host: JobRunner, container: str, login: Login) -> None:
        self.login = login
        self._at = host, container
        self._client = SqlClient(host, container, login, {"MYSQL_PWD": login.password}, _explain)

    def ping(self, timeout_seconds: float = 20) -> None:
        """Log in and use the database. Raises DatabaseError that tells which of these failed."""
        self.query("logging in to", "SELECT 1", timeout_seconds=timeout_seconds)

    def wait(self, seconds: float) -> None:
        """Until the login succeeds. Raises DatabaseError with the last answer."""
        self._client.wait(self._asking(), statement("SELECT 1"), seconds)

    def named(self, database: str) -> MySQL:
        """Another database of the same server, by the same login."""
        return MySQL(*self._at, replace(self.login, database=database))

    def dumps(self) -> Mapping[str, Callable[[BinaryIO], None]]:
        """By kind of file, in the order in which they are restored."""
        return {GLOBALS: self.dump_globals, DATA: self.dump, CODE: self.dump_code}

    def dump_globals(self, into: BinaryIO) -> None:
        """Users and sequences, as SQL. Raises DatabaseError."""
        into.write(globals_script(self.query, self.login.database).encode())

    def dump(self, into: BinaryIO) -> None:
        """A consistent dump of the tables with their rows and history, as plain SQL. Raises DatabaseError."""
        is_versioned = any(kind == _VERSIONED for _, kind in self._tables())
        history = ["--dump-history"] if is_versioned else []
        views = [f"--ignore-table={self.login.database}.{view}" for view in self._views()]
        self._dump(into, "--skip-triggers", "--quick", *history, *views, self.login.database)

    def dump_code(self, into: BinaryIO) -> None:
        """What stands on the tables: routines, triggers and events, then the views, which may call a routine."""
        self._dump(into, "--no-create-info", "--no-data", "--routines", "--triggers", "--events", self.login.database)
        if views := self._views():
            self._dump(into, "--no-data", "--skip-triggers", "--", self.login.database, *views)

    def _dump(self, into: BinaryIO, *arguments: str) -> None:
        tail = Tail(into)
        self._client.run("dumping", self._program(
            "mariadb-dump", "mysqldump", "--single-transaction", "--skip-add-locks", "--hex-blob", "--no-tablespaces", _PACKET,
            "--loose-set-gtid-purged=OFF", *arguments), stdout=cast(BinaryIO, tail))
        if END_MARK not in tail.end:
            raise DatabaseError(f"dumping {self.login.database!r}", "it stops before its end mark", "Try again")

    def restore(self, dump: BinaryIO) -> None:
        """Run a dump, plain SQL. Raises DatabaseError at the first statement that fails."""
        self._client.run("restoring into", self._program("mariadb", "mysql", _PACKET, self.login.database), stdin=dump)

    def charset(self) -> str:
        """How a database like this one is made. Raises DatabaseError."""
        [(charset, collation)] = self.query("looking at the character set of", _CHARSET)
        return f"CHARACTER SET {charset} COLLATE {collation}"

    def row_counts(self) -> Mapping[str, int]:
        """Exact rows of all that holds some, seen at one moment. A table that keeps its history has a second number with it."""
        tables = self._tables()
        wanted = [(name, quoted(name, "`")) for name, _ in tables]
        wanted += [(f"{name} {_HISTORY}", f"{quoted(name, '`')} {_HISTORY}") for name, kind in tables if kind == _VERSIONED]
        if not wanted:
            return {}
        counts = (f"SELECT {place}, COUNT(*) FROM {where}" for place, (_, where) in enumerate(wanted))
        rows = self.query("counting the rows of",
                          f"START TRANSACTION WITH CONSISTENT SNAPSHOT; {' UNION ALL '.join(counts)}")
        return {wanted[int(place)][0]: int(count) for place, count in rows}

    def _tables(self) -> list[tuple[str, str]]:
        """Name and kind of all that holds rows."""
        return [(unhex(name), kind) for name, kind in self.query("listing the tables of", _TABLES)]

    def _views(self) -> list[str]:
        return [unhex(name) for [name] in self.query("listing the views of", _VIEWS)]

    def free_connections(self) -> int:
        """How many more clients the server takes."""
        rows = self.query("counting the connections of",
                           "SELECT @@GLOBAL.max_connections; SHOW GLOBAL STATUS LIKE 'Threads_connected'")
        return int(rows[0][0]) - int(rows[1][1])

    def data_size(self) -> int:
        """Bytes of tables and indexes, by the server's own estimate."""
        return int(self.query("measuring", "SELECT COALESCE(SUM(data_length + index_length), 0) "
                               "FROM information_schema.tables WHERE table_schema = DATABASE()")[0][0])

    def free_bytes(self) -> int:
        """Of the disk on which the server keeps its data."""
        [[folder]] = self.query("asking for the folder of", "SELECT @@datadir")
        return self._client.free_bytes(shlex.quote(folder))

    def schema_state(self) -> SchemaState:
        """The tables of schema histories that this login sees, with what is written in them."""
        return schema_state(self.query, _STATE, _revisions)

    def count(self, question: str) -> int:
        """The one number that `question` asks for. Nothing can be written by it. Raises DatabaseError."""
        return int(self.query("asking the data of", f"START TRANSACTION READ ONLY; {question}")[0][0])

    def revision(self) -> str | None:
        """What Alembic wrote into its table, or None where there is no such table or row."""
        table = self.schema_state().likely()
        return ", ".join(table.revisions) or None if table else None

    def query(self, doing: str, sql: str, timeout_seconds: float = HOUR) -> list[list[str]]:
        return cells(self._client.run(doing, self._asking(), stdin=statement(sql), timeout_seconds=timeout_seconds))

    def _asking(self) -> Sequence[str]:
        return self._program("mariadb", "mysql", "--batch", "--skip-column-names", self.login.database)

    def _program(self, mariadb: str, mysql: str, *arguments: str) -> Sequence[str]:
        """Argv that takes what the container has. TCP: the socket also answers while the image initialises."""
        return ("sh", "-c", _PICK, mariadb, mysql, "--protocol=TCP", "--host=127.0.0.1", f"--port={self.login.port}",
                f"--user={self.login.user}", "--default-character-set=utf8mb4", "--loose-get-server-public-key",
                *arguments)


_PICK = 'first=$0 other=$1; shift; exec "$(command -v "$first" || command -v "$other" || echo "$other")" "$@"'


def _revisions(place: int, schema: str, name: str) -> str:
    return (f"(SELECT {place}, HEX(CONVERT(version_num USING utf8mb4)) "
            f"FROM {quoted(schema, '`')}.{quoted(name, '`')} LIMIT {MOST_REVISIONS})")


def _explain(said: str, database: str) -> tuple[str, str]:
    for code, came_back, to_do in _FAULTS:
        if code in said.replace("Got error: ", "ERROR ") or f"({code.removeprefix('ERROR ')})" in said:
            return f"{came_back} ({said.splitlines()[-1]})", to_do
    return said.splitlines()[-1], f"Correct what it names in {database!r}"

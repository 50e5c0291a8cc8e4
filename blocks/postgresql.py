"""PostgreSQL, spoken to by the client programs inside the database's own container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO, cast

from blocks.revision_tables import MOST_REVISIONS, schema_state
from blocks.sql_client import HOUR, Login, SqlClient, Tail, cells, statement
from tidegate.errors import DatabaseError
from tidegate.facts import SchemaState
from tidegate.ports import JobRunner

END_MARK = b"-- PostgreSQL database dump complete"
_FAULTS = (
    ("password authentication failed", "the user or password is wrong",
     "Compare the env file with what the database was created with"),
    ("does not exist", "there is no such database, user or table", "Create it, or correct its name in the env file"),
    ("permission denied", "the user may not do this", "Make the user the owner of the database"),
    ("could not connect", "the server does not answer", "Start it, or wait until it has started"),
    ("Connection refused", "the server does not answer", "Start it, or wait until it has started"),
    ("the database system is starting up", "the server is starting", "Wait until it has started"),
    ("too many clients", "the server has no free connection", "Close some, or raise max_connections"),
)


def _hex(text: str) -> str:
    return f"encode(convert_to({text}, 'UTF8'), 'hex')"


_OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind = 'r'"
_TABLES = ("SELECT encode(convert_to(c.relname, 'UTF8'), 'hex'), "
           "quote_ident(n.nspname) || '.' || quote_ident(c.relname) "
           f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS}")
_SCHEMAS = ("SELECT quote_ident(nspname), quote_ident(pg_get_userbyid(nspowner)) FROM pg_namespace "
            "WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'")
# A history's table has one column, or is called as Alembic calls it and has got more of them.
_STATE = f"""SELECT 'default', {_hex("coalesce(current_schema(), '')")}, ''
UNION ALL SELECT 'table', {_hex('n.nspname')}, {_hex('c.relname')}
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
UNION ALL SELECT 'revisions', {_hex('n.nspname')}, {_hex('c.relname')}
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE {_OURS} AND has_table_privilege(c.oid, 'SELECT')
  GROUP BY n.nspname, c.relname
  HAVING count(*) FILTER (WHERE a.attname = 'version_num') = 1
    AND (count(*) = 1 OR c.relname LIKE 'alembic\\_version%')"""


class PostgreSQL:
    """One PostgreSQL database in `container`; `login` must own it."""

    end_mark = END_MARK
    """The last words of a complete dump."""

    def __init__(self, host: JobRunner, container: str, login: Login) -> None:
        self.login = login
        self._client = SqlClient(host, container, login, {"PGPASSWORD": login.password}, _explain)

    def ping(self, timeout_seconds: float = 20) -> None:
        """Log in and use the database. Raises DatabaseError that tells which of these failed."""
        self._query("logging in to", "SELECT 1", timeout_seconds=timeout_seconds)

    def dump(self, into: BinaryIO) -> None:
        """A consistent dump as plain SQL. Raises DatabaseError."""
        tail = Tail(into)
        self._client.run("dumping", self._program("pg_dump"), stdout=cast(BinaryIO, tail))
        if END_MARK not in tail.end:
            raise DatabaseError(f"dumping {self.login.database!r}", "it stops before its end mark", "Try again")

    def restore(self, dump: BinaryIO) -> None:
        """Run a dump, plain SQL. Raises DatabaseError at the first statement that fails."""
        command = self._program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null")
        self._client.run("restoring into", command, stdin=dump)

    def clear(self) -> None:
        """Leave nothing in the database but an empty schema `public`, whose owner stays. Raises DatabaseError."""
        schemas = self._query("listing the schemas of", _SCHEMAS)
        drops = [f"DROP SCHEMA {name} CASCADE" for name, _ in schemas]
        makes = [f"CREATE SCHEMA public AUTHORIZATION {owner}; GRANT USAGE ON SCHEMA public TO PUBLIC; "
                 "COMMENT ON SCHEMA public IS 'standard public schema'"
                 for name, owner in schemas if name == "public"]
        self._query("clearing", "; ".join(["BEGIN", *drops, *makes, "COMMIT"]))

    def row_counts(self) -> Mapping[str, int]:
        """Exact rows per table, all seen at one moment."""
        tables = self._query("listing the tables of", _TABLES)
        if not tables:
            return {}
        counts = (f"SELECT {place}, COUNT(*) FROM {quoted}" for place, (_, quoted) in enumerate(tables))
        rows = self._query("counting the rows of", " UNION ALL ".join(counts))
        return {bytes.fromhex(tables[int(place)][0]).decode(): int(count) for place, count in rows}

    def free_connections(self) -> int:
        """How many more clients the server takes."""
        return int(self._query("counting the connections of", "SELECT current_setting('max_connections')::int - "
                               "count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")[0][0])

    def data_size(self) -> int:
        """Bytes on disk."""
        return int(self._query("measuring", "SELECT pg_database_size(current_database())")[0][0])

    def schema_state(self) -> SchemaState:
        """The tables of schema histories that this login sees, with what is written in them."""
        return schema_state(self._query, _STATE, _revisions)

    def count(self, question: str) -> int:
        """The one number that `question` asks for. Nothing can be written by it. Raises DatabaseError."""
        return int(self._query("asking the data of", f"START TRANSACTION READ ONLY; {question}")[0][0])

    def revision(self) -> str | None:
        """What Alembic wrote into its table, or None where there is no such table or row."""
        table = self.schema_state().likely()
        return ", ".join(table.revisions) or None if table else None

    def _query(self, doing: str, sql: str, timeout_seconds: float = HOUR) -> list[list[str]]:
        command = self._program("psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1")
        return cells(self._client.run(doing, command, stdin=statement(sql), timeout_seconds=timeout_seconds))

    def _program(self, name: str, *arguments: str) -> Sequence[str]:
        """By the container's own address: on the loopback one the official image lets everybody in unasked."""
        return ("sh", "-c", 'exec "$0" --host="$(hostname)" "$@"', name, f"--port={self.login.port}", "--no-password",
                f"--username={self.login.user}", f"--dbname={self.login.database}", *arguments)


def _revisions(place: int, schema: str, name: str) -> str:
    return (f"(SELECT {place}, {_hex('version_num::text')} "
            f"FROM {_quoted(schema)}.{_quoted(name)} LIMIT {MOST_REVISIONS})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _explain(said: str, database: str) -> tuple[str, str]:
    line = next((line for line in said.splitlines() if "ERROR" in line or "error" in line), said.splitlines()[-1])
    for text, came_back, to_do in _FAULTS:
        if text in said:
            return f"{came_back} ({line})", to_do
    return line, f"Correct what it names in {database!r}"

"""A MySQL or MariaDB database restored beside the one that is there, and put in its place table by table.

These servers cannot rename a database. So the tables move: out of the way first, then in, each time all in one statement.
Marks in the databases beside say how far it has come; whoever starts again goes on from there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from blocks.mysql import MySQL
from blocks.mysql_users import STAND_IN, missing_users
from blocks.sql_client import CODE, DATA, GLOBALS, Beside, Readers, quoted, unhex
from tidegate.errors import DatabaseError

LARGEST_PACKET = 1 << 30
_WHOLE = "tidegate_code"
"""A table in the new database, once that is whole: what stands on the tables, as SQL. It is run after the move."""
_OUT = "tidegate_out"
"""A table in the old database, once everything has moved there."""
_LOCK_SECONDS = 60
_TABLES = ("SELECT HEX(table_name) FROM information_schema.tables WHERE table_schema = {schema} "
           "AND table_type NOT LIKE '%VIEW' AND table_name NOT IN ('" + _WHOLE + "', '" + _OUT + "')")
_STAND_INS = ("SELECT HEX(table_name) FROM information_schema.tables WHERE table_schema = {schema} "
              "AND table_type = 'SEQUENCE' AND table_comment = '" + STAND_IN + "'")
_CODE = """SELECT 'TRIGGER', HEX(trigger_name) FROM information_schema.triggers WHERE trigger_schema = {schema}
UNION ALL SELECT 'EVENT', HEX(event_name) FROM information_schema.events WHERE event_schema = {schema}
UNION ALL SELECT 'VIEW', HEX(table_name) FROM information_schema.views WHERE table_schema = {schema}
UNION ALL SELECT routine_type, HEX(routine_name) FROM information_schema.routines WHERE routine_schema = {schema}"""


class MySQLBeside:
    """What stands beside `database`: the new one, and the old one while it is being replaced."""

    def __init__(self, database: MySQL) -> None:
        self._database, self._names = database, Beside(database.login.database)
        self._new = database.named(self._names.new)

    def stand(self, readers: Readers) -> None:
        """Restore into a new database. What is there is left alone, but a move that was begun is ended. Raises DatabaseError."""
        if self._is_moving:
            self.swap()
        self.remove()
        self.remove_old()
        self._database.query("making a copy of", f"CREATE DATABASE {quoted(self._names.new, '`')} {self._database.charset()}")
        users = self._run_globals(readers)
        with self._large_packets(), readers[DATA]() as dump:
            self._new.restore(dump)
        self._keep_code(users + self._code(readers))

    def counts(self) -> Mapping[str, int]:
        """Its rows, as `row_counts` gives them."""
        return {name: rows for name, rows in self._new.row_counts().items() if name != _WHOLE}

    @property
    def is_whole(self) -> bool:
        """Whether a copy stands beside, restored to its end."""
        return self._has(self._names.new, _WHOLE)

    @property
    def was_swapped(self) -> bool:
        return self._is_there(self._names.old) and not self._is_there(self._names.new)

    @property
    def is_untouched(self) -> bool:
        """Whether a copy stands beside and what is in use is surely as it was: a swap begins with making the old one."""
        return self.is_whole and not self._is_there(self._names.old)

    def swap(self) -> None:
        """Move the tables out, the new ones in, and make what stands on them anew. Again: goes on where it was."""
        names = self._names
        self._database.query("replacing", f"CREATE DATABASE IF NOT EXISTS {quoted(names.old, '`')}")
        if not self._has(names.old, _OUT):
            self._move(names.database, names.old)
            self._database.query("replacing", f"CREATE TABLE {quoted(names.old, '`')}.{_OUT} (n INT)")
        self._move(names.new, names.database)
        self._drop_code(names.database)
        [[code]] = self._new.query("reading what stands on the tables of", f"SELECT HEX(body) FROM {_WHOLE}")
        self._database.restore(io.BytesIO(bytes.fromhex(code)))
        self._drop(self._names.new)

    def remove_old(self) -> None:
        """Remove what was replaced. Again: changes nothing."""
        self._drop(self._names.old)

    def remove(self) -> None:
        """Remove what stands beside, but never in the middle of a move. Again: changes nothing."""
        if not self._is_moving:
            self._drop(self._names.new)
            for [name] in self._names_in(_STAND_INS, self._names.database):
                self._database.query("removing a copy of", f"DROP SEQUENCE {quoted(name, '`')}")

    def _run_globals(self, readers: Readers) -> bytes:
        """Make what the tables refer to, and give the users that are missing here, as SQL. A backup of 0.1 has no such file."""
        if GLOBALS not in readers:
            return b""
        with readers[GLOBALS]() as file:
            sequences, users = missing_users(file.read().decode(), self._database.query)
        self._database.restore(io.BytesIO(sequences.encode()))
        return users.encode()

    def _code(self, readers: Readers) -> bytes:
        """From its file; a backup of 0.1 has everything in one, so it is in the new database, where no event may run."""
        code = io.BytesIO()
        if CODE in readers:
            with readers[CODE]() as file:
                return file.read()
        self._new.dump_code(code)
        self._drop_code(self._names.new)
        return code.getvalue()

    def _keep_code(self, code: bytes) -> None:
        making = "tidegate_making"
        with self._large_packets():
            self._new.query("keeping what stands on the tables of",
                            f"CREATE TABLE {making} (body LONGBLOB); INSERT INTO {making} VALUES (X'{code.hex()}'); "
                            f"RENAME TABLE {making} TO {_WHOLE}")

    def _move(self, schema: str, to: str) -> None:
        """All tables at once. One with a trigger cannot move, so what stands on the tables goes first."""
        self._drop_code(schema)
        moves = [f"{quoted(schema, '`')}.{quoted(name, '`')} TO {quoted(to, '`')}.{quoted(name, '`')}"
                 for [name] in self._names_in(_TABLES, schema)]
        if moves:
            self._database.query("replacing the tables of",
                                 f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}; RENAME TABLE {', '.join(moves)}")

    def _drop_code(self, schema: str) -> None:
        drops = [f"DROP {kind} IF EXISTS {quoted(schema, '`')}.{quoted(name, '`')}"
                 for kind, name in self._names_in(_CODE, schema)]
        if drops:
            self._database.query("clearing what stands on the tables of", "; ".join(drops))

    def _names_in(self, sql: str, schema: str) -> Iterator[list[str]]:
        """Rows, the last cell of each is a name."""
        for row in self._database.query("listing what is in", sql.format(schema=_literal(schema))):
            yield [*row[:-1], unhex(row[-1])]

    def _is_there(self, schema: str) -> bool:
        return bool(self._database.query("looking for a copy of",
                                         f"SELECT 1 FROM information_schema.schemata WHERE schema_name = {_literal(schema)}"))

    @property
    def _is_moving(self) -> bool:
        return self._is_there(self._names.old) and self.is_whole

    def _has(self, schema: str, table: str) -> bool:
        return bool(self._database.query("looking for a copy of", "SELECT 1 FROM information_schema.tables WHERE table_schema = "
                                         f"{_literal(schema)} AND table_name = '{table}'"))

    def _drop(self, schema: str) -> None:
        """Together with the sessions in it: a client whose Tidegate was killed may still be at work there."""
        sessions = self._database.query("looking who is in a copy of", "SELECT id FROM information_schema.processlist "
                                        f"WHERE db = {_literal(schema)}")
        for [session] in sessions:
            with suppress(DatabaseError):   # it has ended by itself
                self._database.query("ending a session of", f"KILL {session}")
        self._database.query("removing a copy of", f"SET foreign_key_checks = 0; DROP DATABASE IF EXISTS {quoted(schema, '`')}")

    @contextmanager
    def _large_packets(self) -> Iterator[None]:
        """One row is one statement, and in hex a value takes twice its size: more than the server took from its application.

        Only root may say so. Without root the server's own limit stays.
        """
        [[before]] = self._database.query("asking for the limits of", "SELECT @@GLOBAL.max_allowed_packet")
        is_raised = int(before) < LARGEST_PACKET and self._set_packet(LARGEST_PACKET)
        try:
            yield
        finally:
            if is_raised:
                self._set_packet(int(before))

    def _set_packet(self, size: int) -> bool:
        try:
            self._database.query("raising a limit of", f"SET GLOBAL max_allowed_packet = {size}")
        except DatabaseError:
            return False
        return True


def _literal(text: str) -> str:
    """Names are utf8 in the server's own tables."""
    return f"CONVERT(X'{text.encode().hex()}' USING utf8)"

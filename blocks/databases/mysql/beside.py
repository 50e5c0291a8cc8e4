"""A MySQL or MariaDB database restored beside the one that is there, and put in its place table by
table.

These servers cannot rename a database. So the tables move: out of the way first, then in, each time
all in one statement. Marks in the databases beside say how far it has come; whoever starts again
goes on from there. A script may end after any of its statements: a name or a mark then shows which
was the last.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from blocks.databases.mysql.found import OUT, WHOLE, Found, look, name_in
from blocks.databases.mysql.server import MySQL
from blocks.databases.mysql.users import missing_users
from blocks.databases.sql_client import (
    CODE,
    DATA,
    GLOBALS,
    Beside,
    Readers,
    Step,
    as_bytes,
    as_text,
    quoted,
    script,
)
from tidegate.errors import DatabaseError

LARGEST_PACKET = 1 << 30
_LOCK_SECONDS = 60


class MySQLBeside:
    """What stands beside `database`: the new one, and the old one while it is being replaced."""

    def __init__(self, database: MySQL) -> None:
        self._server, self._names = database.server, Beside(database.login.database)
        self._new = database.named(self._names.new)

    def stand(self, readers: Readers) -> None:
        """Restore into a new database. What is there is left alone, but a move that was begun is
        ended. Raises DatabaseError."""
        seen = self._look_alone()
        if seen.is_moving:
            self.swap()
            seen = self._look_alone()
        sequences, users = self._globals(readers, seen.users)
        if sequences:  # they stand in the database itself
            sequences = self._in_use() + sequences
        new = script([f"CREATE DATABASE {quoted(self._names.new, '`')} {seen.charset}"])
        self._server.act(
            [
                *self._removing(seen),
                self._dropping(self._names.old),
                ("making a copy of", new),
                ("restoring into", sequences),
            ]
        )
        with self._large_packets(seen.packet):
            with readers[DATA]() as dump:
                self._new.restore(dump)
            self._keep_code(as_bytes(users) + self._code(readers))

    def counts(self) -> Mapping[str, int]:
        """Its rows, as `row_counts` gives them."""
        return {name: rows for name, rows in self._new.row_counts().items() if name != WHOLE}

    @property
    def is_whole(self) -> bool:
        """Whether a copy stands beside, restored to its end."""
        return self._look().is_whole

    @property
    def is_untouched(self) -> bool:
        """Whether a copy stands beside and what is in use is surely as it was: a swap begins with
        making the old one."""
        seen = self._look()
        return seen.is_whole and not seen.is_moving

    def swap(self) -> bool:
        """Move the tables out, the new ones in, and make what stands on them anew. Again: goes on
        where it was.

        False where nothing stands beside that could take the place. Raises DatabaseError.
        """
        seen = self._look_alone()
        if seen.is_whole:
            self._server.act(self._moving(seen))
            # Not in the same script: only whoever saw the move end may drop it.
            self._server.act([self._dropping(self._names.new)])
        return seen.is_whole or seen.was_swapped

    def remove_old(self) -> None:
        """Remove what was replaced. Again: changes nothing."""
        self._look_alone()
        self._server.act([self._dropping(self._names.old)])

    def remove(self) -> None:
        """Remove what stands beside, but never in the middle of a move. Again: changes nothing."""
        seen = self._look_alone()
        if not seen.is_moving:
            self._server.act(self._removing(seen))

    def _look(self) -> Found:
        return look(self._server.query, self._names)

    def _look_alone(self) -> Found:
        """End the sessions in the databases beside, then look.

        A client whose Tidegate was killed may still be at work there.
        """
        seen = self._look()
        for session in seen.sessions:
            with suppress(DatabaseError):  # it has ended by itself
                self._server.query("ending a session of", f"KILL {session}")
        return self._look() if seen.sessions else seen

    @staticmethod
    def _globals(readers: Readers, users: Sequence[str]) -> tuple[str, str]:
        """What the tables refer to, and the users who are not among `users`, as SQL.

        Version 0.1 saved no such file.
        """
        if GLOBALS not in readers:
            return "", ""
        with readers[GLOBALS]() as file:
            return missing_users(as_text(file.read()), users)

    def _code(self, readers: Readers) -> bytes:
        """From its file; a backup of 0.1 has everything in one, so it is in the new database, where
        no event may run."""
        code = io.BytesIO()
        if CODE in readers:
            with readers[CODE]() as file:
                return file.read()
        self._new.dump_code(code)
        self._server.act([self._clearing(self._look(), self._names.new)])
        return code.getvalue()

    def _keep_code(self, code: bytes) -> None:
        making = "tidegate_making"
        self._new.act(
            [
                (
                    "keeping what stands on the tables of",
                    script(
                        [
                            f"CREATE TABLE {making} (body LONGBLOB)",
                            f"INSERT INTO {making} VALUES (X'{code.hex()}')",
                            f"RENAME TABLE {making} TO {WHOLE}",
                        ]
                    ),
                )
            ]
        )

    def _moving(self, seen: Found) -> list[Step]:
        """All tables at once. One with a trigger cannot move: what stands on the tables goes first.

        The client is in the new database until both moves are done: if its Tidegate is killed,
        the next start finds it there and ends it.
        """
        database, new, old = self._names.database, self._names.new, self._names.old
        begun = self._in_use() + script(
            [f"CREATE DATABASE IF NOT EXISTS {quoted(old, '`')}", f"USE {quoted(new, '`')}"]
        )
        mark = script([f"CREATE TABLE {name_in(old, OUT)} (n INT)"])
        moved: list[Step] = [self._renaming(seen, database, old), ("replacing", mark)]
        code = script([f"USE {quoted(database, '`')}"]) + seen.kept_code
        return [
            ("replacing", begun),
            self._clearing(seen, database),
            *([] if seen.is_out else moved),
            self._clearing(seen, new),
            self._renaming(seen, new, database),
            ("restoring into", code),
        ]

    def _in_use(self) -> str:
        """It may have been dropped since the backup."""
        return script([f"CREATE DATABASE IF NOT EXISTS {quoted(self._names.database, '`')}"])

    def _removing(self, seen: Found) -> list[Step]:
        stand_ins = script(
            f"DROP SEQUENCE {name_in(self._names.database, name)}" for name in seen.stand_ins
        )
        return [self._dropping(self._names.new), ("removing a copy of", stand_ins)]

    @staticmethod
    def _dropping(schema: str) -> Step:
        return "removing a copy of", script(
            ["SET foreign_key_checks = 0", f"DROP DATABASE IF EXISTS {quoted(schema, '`')}"]
        )

    @staticmethod
    def _clearing(seen: Found, schema: str) -> Step:
        drops = script(
            f"DROP {kind} IF EXISTS {name_in(schema, name)}" for kind, name in seen.code(schema)
        )
        return "clearing what stands on the tables of", drops

    @staticmethod
    def _renaming(seen: Found, schema: str, to: str) -> Step:
        moves = ", ".join(
            f"{name_in(schema, name)} TO {name_in(to, name)}" for name in seen.tables(schema)
        )
        renames = [f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}", f"RENAME TABLE {moves}"]
        return "replacing the tables of", script(renames if moves else [])

    @contextmanager
    def _large_packets(self, before: int) -> Iterator[None]:
        """One row is one statement, and in hex a value takes twice its size: more than the server
        took from its application.

        Only root may say so. Without root the server's own limit stays.
        """
        is_raised = before < LARGEST_PACKET and self._set_packet(LARGEST_PACKET)
        try:
            yield
        finally:
            if is_raised:
                self._set_packet(before)

    def _set_packet(self, size: int) -> bool:
        try:
            self._server.query("raising a limit of", f"SET GLOBAL max_allowed_packet = {size}")
        except DatabaseError:
            return False
        return True

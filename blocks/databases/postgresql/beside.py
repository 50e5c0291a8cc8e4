"""A PostgreSQL database restored beside the one that is there, and put in its place by two names in
one transaction."""

from __future__ import annotations

import io
from collections.abc import Mapping

from blocks.databases.postgresql.roles import literal
from blocks.databases.postgresql.server import PostgreSQL
from blocks.databases.sql_client import DATA, GLOBALS, Beside, Readers, quoted, script

_ASIDE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND datname IN ({names})"
)


class PostgreSQLBeside:
    """What stands beside `database`. `new` is there only when it is whole; `old` only when it has
    been replaced."""

    def __init__(self, database: PostgreSQL) -> None:
        self._database, self._names = database, Beside(database.login.database)
        self._server = database.server

    def stand(self, readers: Readers) -> None:
        """Restore into a new database. What is there is left alone. Raises DatabaseError."""
        self._drop(self._names.making, self._names.new, self._names.old)
        self._run_globals(readers)
        with readers[DATA]() as dump:
            self._database.named(self._names.making).restore(dump)
        self._server.query("naming the copy of", self._renamed(self._names.making, self._names.new))

    def counts(self) -> Mapping[str, int]:
        """Its rows, as `row_counts` gives them."""
        return self._database.named(self._names.new).row_counts()

    @property
    def is_whole(self) -> bool:
        """Whether a copy stands beside, restored to its end."""
        return self._names.new in self._there()

    @property
    def is_untouched(self) -> bool:
        """Whether a copy stands beside and what is in use is surely as it was."""
        there = self._there()
        return self._names.new in there and self._names.old not in there

    def swap(self) -> bool:
        """Give the new one the name, and the one that was there the name `old`: both or neither.
        Ends their sessions. One that was dropped since is there again.

        False where nothing stands beside that could take the place. Again: changes nothing. Raises
        DatabaseError.
        """
        names, there = self._names, self._there()
        if names.new in there:
            aside = [self._renamed(names.database, names.old)] if names.database in there else []
            self._server.query(
                "replacing",
                script(
                    [
                        self._ended(names.database, names.new),
                        "BEGIN",
                        *aside,
                        self._renamed(names.new, names.database),
                        "COMMIT",
                    ]
                ),
            )
        return bool(there - {names.database})

    def remove_old(self) -> None:
        """Remove what was replaced. Again: changes nothing."""
        self._drop(self._names.old)

    def remove(self) -> None:
        """Remove what stands beside. Again: changes nothing."""
        self._drop(self._names.making, self._names.new)

    def _run_globals(self, readers: Readers) -> None:
        """A backup of version 0.1 has none: then the database that is there is the model."""
        if GLOBALS in readers:
            with readers[GLOBALS]() as file:
                return self._server.restore(file, database=self._names.making)
        model = io.BytesIO()
        self._database.dump_globals(model)
        model.seek(0)
        return self._server.restore(model, database=self._names.making)

    def _drop(self, *names: str) -> None:
        self._server.query(
            "removing a copy of",
            script(
                statement
                for name in names
                for statement in (self._ended(name), f"DROP DATABASE IF EXISTS {quoted(name)}")
            ),
        )

    def _there(self) -> set[str]:
        """Which there are of the one in use, the new one and the old one."""
        names = self._names.database, self._names.new, self._names.old
        columns = ", ".join(f"bool_or(datname = {literal(name)})" for name in names)
        [found] = self._server.query("looking for a copy of", f"SELECT {columns} FROM pg_database")
        return {name for name, is_there in zip(names, found, strict=True) if is_there == "t"}

    @staticmethod
    def _ended(*names: str) -> str:
        return _ASIDE.format(names=", ".join(map(literal, names)))

    @staticmethod
    def _renamed(name: str, to: str) -> str:
        return f"ALTER DATABASE {quoted(name)} RENAME TO {quoted(to)}"

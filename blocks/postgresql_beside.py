"""A PostgreSQL database restored beside the one that is there, and put in its place by two names in one transaction."""

from __future__ import annotations

import io
from collections.abc import Mapping

from blocks.postgresql import PostgreSQL
from blocks.postgresql_globals import literal
from blocks.sql_client import DATA, GLOBALS, Beside, Readers, quoted

_SERVER = "template1"
"""The database from which others are made and renamed: every server has it, and nobody works in it."""
_ASIDE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname IN ({names})"


class PostgreSQLBeside:
    """What stands beside `database`. `new` is there only when it is whole; `old` only when it has been replaced."""

    def __init__(self, database: PostgreSQL) -> None:
        self._database, self._names = database, Beside(database.login.database)
        self._server = database.named(_SERVER)

    def stand(self, readers: Readers) -> None:
        """Restore into a new database. What is there is left alone. Raises DatabaseError."""
        self.remove()
        self.remove_old()
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
        return self._is_there(self._names.new)

    @property
    def was_swapped(self) -> bool:
        return self._is_there(self._names.old) and not self._is_there(self._names.new)

    @property
    def is_untouched(self) -> bool:
        """Whether a copy stands beside and what is in use is surely as it was."""
        return self.is_whole and not self._is_there(self._names.old)

    def swap(self) -> None:
        """Give the new one the name, and the one that was there the name `old`: both or neither. Ends their sessions."""
        names = self._names
        self._server.query("replacing", "; ".join([
            self._ended(names.database, names.new), "BEGIN", self._renamed(names.database, names.old),
            self._renamed(names.new, names.database), "COMMIT"]))

    def remove_old(self) -> None:
        """Remove what was replaced. Again: changes nothing."""
        self._drop(self._names.old)

    def remove(self) -> None:
        """Remove what stands beside. Again: changes nothing."""
        self._drop(self._names.making)
        self._drop(self._names.new)

    def _run_globals(self, readers: Readers) -> None:
        """A backup of version 0.1 has none: then the database that is there is the model."""
        if GLOBALS in readers:
            with readers[GLOBALS]() as script:
                return self._server.restore(script, database=self._names.making)
        script = io.BytesIO()
        self._database.dump_globals(script)
        script.seek(0)
        return self._server.restore(script, database=self._names.making)

    def _drop(self, name: str) -> None:
        self._server.query("removing a copy of", f"{self._ended(name)}; DROP DATABASE IF EXISTS {quoted(name)}")

    def _is_there(self, name: str) -> bool:
        found = self._server.query("looking for a copy of", f"SELECT 1 FROM pg_database WHERE datname = {literal(name)}")
        return bool(found)

    @staticmethod
    def _ended(*names: str) -> str:
        return _ASIDE.format(names=", ".join(map(literal, names)))

    @staticmethod
    def _renamed(name: str, to: str) -> str:
        return f"ALTER DATABASE {quoted(name)} RENAME TO {quoted(to)}"

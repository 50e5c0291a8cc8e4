"""A Redis restored beside the one in use, and put in its place by replication.

A Redis reads a file at its start alone. So a second one, in the same container, reads the copy,
which proves it. Then the one in use becomes its replica until it has read everything, and is on its
own again. Its clients stay connected; meanwhile they can read but not write.
"""

from __future__ import annotations

from collections.abc import Mapping

from blocks.databases.redis.answers import kept_keys
from blocks.databases.redis.scripts import COUNTS, LOOK, REMOVE, STAND, SWAP
from blocks.databases.redis.server import Redis
from blocks.databases.sql_client import DATA, Readers

_NEW, _OLD = "new.rdb", "old.rdb"


class RedisBeside:
    """What stands beside `database`, as files: the new one when it is whole, and the old one from
    the beginning of a swap on."""

    def __init__(self, database: Redis) -> None:
        self._database = database

    def stand(self, readers: Readers) -> None:
        """Keep the file beside, once a server has read it. What is in use is left alone, but a swap
        that was begun is ended. Raises DatabaseError."""
        if self._there() == {_NEW, _OLD}:
            self.swap()
        with readers[DATA]() as dump:
            self._database.run("restoring beside", STAND, stdin=dump)

    def counts(self) -> Mapping[str, int]:
        """Its keys, as `row_counts` gives them."""
        return kept_keys(self._database.run("counting the keys of a copy of", COUNTS))

    @property
    def is_whole(self) -> bool:
        """Whether a copy stands beside, read to its end."""
        return _NEW in self._there()

    @property
    def is_untouched(self) -> bool:
        """Whether a copy stands beside and what is in use is surely as it was."""
        return self._there() == {_NEW}

    def swap(self) -> bool:
        """Let the one in use read the copy. Again: reads it once more, until that was done to its
        end.

        False where nothing stands beside that could take the place. Raises DatabaseError.
        """
        there = self._there()
        if _NEW in there:
            self._database.run("replacing", SWAP)
        return bool(there)

    def remove_old(self) -> None:
        """Remove what was replaced. Again: changes nothing."""
        self._database.run("removing a copy of", REMOVE, _OLD, "old.making")

    def remove(self) -> None:
        """Remove what stands beside, but never in the middle of a swap. Again: changes nothing."""
        if _OLD not in self._there():
            names = (_NEW, "making.rdb", "old.making", "counts")
            self._database.run("removing a copy of", REMOVE, *names)

    def _there(self) -> set[str]:
        """Which there are: the new one, the old one, both or neither."""
        return set(self._database.run("looking for a copy of", LOOK).split())

"""A backup put back: first beside what is there, compared with what was proved, and only then in
its place.

The proof of a new backup goes the same way, on a server of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import Part
from blocks.databases.engines import OpenDatabase, beside
from blocks.databases.sql_client import DATA, GLOBALS, bare
from tidegate.errors import BackupError, CapacityError, DatabaseError
from tidegate.facts import Backup
from tidegate.stack.database_patterns import name_of

UNPACKED = 4
"""How many times larger data are than their compressed dump: an estimate, for the room that a copy
takes."""
RDB_END = ".rdb.gz"
Compare = Callable[[Mapping[str, int]], None]
"""Raises BackupError where the rows, by table, are not those that they must be."""


@dataclass(frozen=True)
class Restored:
    """What came out of a backup."""

    tables: Mapping[str, int]
    seconds: float


@dataclass(frozen=True)
class SavedDatabase:
    """The files of one database in a backup, by kind."""

    store: BackupStore
    backup: str
    name: str
    parts: Mapping[str, Part]

    def check(self, database: OpenDatabase) -> None:
        """Raises BackupError unless each file is the one that was written, and whole."""
        for kind, part in self.parts.items():
            self.store.check(self.backup, part, database.end_marks[kind])

    @property
    def is_of_0_1(self) -> bool:
        """Whether one file holds everything, as version 0.1 saved a database of SQL."""
        return GLOBALS not in self.parts and not self.parts[DATA].name.endswith(RDB_END)


def file_name(database: str, kind: str, file_type: str) -> str:
    """`main.sql.gz` holds the rows, `main.globals.sql.gz` what they need of a server."""
    middle = "" if kind == DATA else f".{kind}"
    return f"{database}{middle}.{file_type}.gz"


def names_in(parts: Iterable[Part], entry: str) -> list[str]:
    """The names of the databases whose rows are among the files, of those that the pattern `entry`
    has found."""
    lead, end = f"{entry}:", file_name("", DATA, "sql")
    rows = (one.name.removeprefix(lead) for one in parts if one.name.startswith(lead))
    kept = (name.removesuffix(end) for name in rows if name.endswith(end))
    return [name_of(one) for one in kept if "." not in one]


def part_of(store: BackupStore, backup: Backup, name: str) -> Part:
    """A file of the backup as the ledger knows it. Raises BackupError."""
    found = next((part for part in store.manifest_of(backup).parts if part.name == name), None)
    if found is None:
        raise BackupError(
            f"reading the backup {backup.id}", f"it has no {name}", "Choose another backup"
        )
    return found


def saved_database(
    store: BackupStore, backup: Backup, name: str, database: OpenDatabase
) -> SavedDatabase:
    """As the ledger knows it: version 0.1 made one file, with everything in it. Raises
    BackupError."""
    rows = part_of(store, backup, file_name(name, DATA, database.file_type))
    others = {part.name: part for part in store.manifest_of(backup).parts}
    names = {kind: file_name(name, kind, database.file_type) for kind in database.end_marks}
    parts = {kind: others[file] for kind, file in names.items() if file in others}
    return SavedDatabase(store, backup.id, name, {**parts, DATA: rows})


def as_proved(saved: SavedDatabase, backup: Backup) -> Compare:
    """Compares with the rows that the backup's copy had when it was proved."""
    name = saved.name
    proved = {
        table.removeprefix(f"{name}."): rows
        for table, rows in backup.tables.items()
        if table.startswith(f"{name}.")
    }

    def compare(found: Mapping[str, int]) -> None:
        wrong = _wrong_of_old(proved, found) if saved.is_of_0_1 else _wrong(proved, found)
        if wrong:
            raise BackupError(
                f"comparing what the backup {backup.id} brought back",
                "; ".join(wrong),
                "Restore another backup; what the failed copy should have replaced is still there",
            )

    return compare


def stand_beside(saved: SavedDatabase, database: OpenDatabase, compare: Compare) -> Restored:
    """Restore into a database of its own beside `database` and compare it. What is there is not
    touched.

    Raises BackupError where the files are not those that were written, or their rows are not those
    that they must be.
    """
    started = time.monotonic()
    saved.check(database)
    refuse_little_room(saved, database)
    there = beside(database)
    readers = {
        kind: partial(saved.store.read, saved.backup, part.name)
        for kind, part in saved.parts.items()
    }
    try:
        there.stand(readers)
        tables = there.counts()
    except DatabaseError as error:
        raise BackupError(
            f"restoring the backup {saved.backup}/{saved.parts[DATA].name}",
            error.came_back,
            f"{error.to_do}. Nothing that is in use was touched",
        ) from None
    compare(tables)
    return Restored(tables, time.monotonic() - started)


def refuse_little_room(saved: SavedDatabase, database: OpenDatabase) -> None:
    """Raises CapacityError where the server's disk may not hold the copy beside what is there: an
    estimate."""
    room = database.room()
    need = max(room.taken, UNPACKED * sum(part.size for part in saved.parts.values()))
    if room.free is not None and room.free < need:
        raise CapacityError(
            f"making room for a copy beside {database.login.database!r}",
            f"{room.free} bytes are free where it lies, {need} are needed",
            "Free some disk space there",
        )


def put_in_place(
    saved: SavedDatabase, database: OpenDatabase, compare: Compare
) -> Mapping[str, int]:
    """Let what stands beside take the place of `database`, and compare once more. What was replaced
    stands beside then.

    Again: what is in place stays; what does not stand beside is restored first. Raises BackupError,
    DatabaseError.
    """
    there = beside(database)
    if not there.swap():
        stand_beside(saved, database, compare)
        there.swap()
    compare(found := database.row_counts())
    return found


def replace_database(
    store: BackupStore, backup: Backup, name: str, database: OpenDatabase
) -> Restored:
    """The whole way. Raises BackupError, DatabaseError."""
    started, saved = time.monotonic(), saved_database(store, backup, name, database)
    compare = as_proved(saved, backup)
    stand_beside(saved, database, compare)
    tables = put_in_place(saved, database, compare)
    beside(database).remove_old()
    return Restored(tables, time.monotonic() - started)


def _wrong(proved: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    return [
        f"{table}: {found.get(table)} rows, {proved.get(table)} when it was made"
        for table in sorted({*proved, *found})
        if found.get(table) != proved.get(table)
    ]


def _wrong_of_old(proved: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """Version 0.1 wrote a table's name without its schema, counted only plain tables, and one of
    each name."""
    rows = {
        table: [count for name, count in found.items() if table in (name, bare(name))]
        for table in proved
    }
    return [
        f"{table}: {' or '.join(map(str, rows[table])) or None} rows, "
        f"{proved[table]} when it was made"
        for table in sorted(proved)
        if proved[table] not in rows[table]
    ]

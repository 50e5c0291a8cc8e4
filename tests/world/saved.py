"""Backups in memory: made and proved, put back beside what is there, then in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tests.world.data import Content, MemoryDatabase, MemoryDatabases
from tests.world.engine import MemoryEngine
from tidegate.backups.saved import PlacedDatabase, Rehearse, ToSave
from tidegate.errors import BackupError, DatabaseError, EngineError
from tidegate.facts import Backup
from tidegate.stack.data import FOUND_KEY, Database
from tidegate.stack.database_patterns import name_of


@dataclass(frozen=True)
class Saved:
    """What one backup holds."""

    facts: Backup
    databases: Mapping[str, Content]
    volumes: Mapping[str, str]


@dataclass(frozen=True)
class Copy:
    """A restored copy, on a network of its own."""

    network: str
    environment: Mapping[str, str]
    database: MemoryDatabase


@dataclass
class MemoryBackups:
    """The backups of one environment."""

    engine: MemoryEngine
    databases: MemoryDatabases
    sealed: dict[str, Saved] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    """Databases whose dump fails."""

    def check_room(self, data_size: int) -> None:
        """There is always room."""

    def names(self) -> list[str]:
        return sorted(self.sealed)

    def make(
        self, backup: str, key: str, wanted: ToSave, rehearse: Rehearse, *, since: datetime
    ) -> Backup:
        """One that was made since then is returned as it is."""
        if done := self.sealed.get(backup):
            if done.facts.made_at < since:
                raise BackupError(
                    f"making the backup {backup}", "an older one is there", "Move it away"
                )
            return done.facts
        contents = {at.spec.name: self._dumped(at) for at in wanted.databases}
        volumes = {name: self.engine.volumes[volume] for name, volume in wanted.volumes.items()}
        self.engine.moments.change(f"backup {backup} was written")
        for at in wanted.databases:
            self._prove(key, at, contents[at.spec.name], rehearse)
        facts = _facts(backup, contents)
        self.sealed[backup] = Saved(facts, contents, volumes)
        self.engine.moments.change(f"backup {backup} was sealed", makes=f"backup {backup}")
        return facts

    def _dumped(self, at: PlacedDatabase) -> Content:
        database = self.databases.as_owner(at)
        if at.spec.name in self.broken:
            raise DatabaseError(f"dumping {at.spec.name!r}", "it stops before its end", "Try again")
        database.row_counts()
        return database.content

    def recognize(self, recorded: Backup) -> Backup:
        if recorded.id in self.damaged or recorded.id not in self.sealed:
            raise BackupError(
                f"reading the backup {recorded.id}", "it has no manifest", "Choose another backup"
            )
        return self.sealed[recorded.id].facts

    def compare(self, recorded: Backup) -> None:
        self.recognize(recorded)

    def remove(self, backups: Collection[str]) -> list[str]:
        gone = [name for name in backups if name in self.sealed and name not in self.damaged]
        for name in gone:
            del self.sealed[name]
            self.engine.moments.change(f"backup {name} was removed")
        return gone

    def _prove(self, key: str, at: PlacedDatabase, content: Content, rehearse: Rehearse) -> None:
        """In a container of its own, which runs until it is removed."""
        name, mine = f"scratch-{key}-{at.spec.name}", f"{key}/{at.spec.name}/scratch"
        copy = self.databases.by_network[name] = MemoryDatabase(name, self.engine, content)
        self.engine.begin_job(mine, None)
        try:
            keys = filter(None, [at.spec.host_key] if isinstance(at.spec, Database) else [])
            found = {key: at.environment[key] for key in [FOUND_KEY] if key in at.environment}
            rehearse(at.spec.name, Copy(name, {**dict.fromkeys(keys, name), **found}, copy))
        finally:
            del self.databases.by_network[name]
            self.engine.end_job(mine)


@dataclass
class MemoryDatabaseCopies:
    """Databases out of those backups."""

    backups: MemoryBackups

    def found_then(self, backup: Backup, spec: Database) -> list[str]:
        self.backups.compare(backup)
        lead, held = f"{spec.name}:", self.backups.sealed[backup.id].databases
        return [name_of(one.removeprefix(lead)) for one in held if one.startswith(lead)]

    def stand_beside(self, backup: Backup, at: PlacedDatabase) -> Mapping[str, int]:
        self.backups.compare(backup)
        database = self.backups.databases.as_owner(at)
        database.beside = self.backups.sealed[backup.id].databases[at.spec.name]
        self._changed(database, f"a copy from {backup.id} stands beside it")
        return dict(database.beside.rows)

    def put_in_place(self, backup: Backup, at: PlacedDatabase) -> Mapping[str, int]:
        """What is in its place stays."""
        database = self.backups.databases.as_owner(at)
        if database.replaced is None:
            if database.beside is None:
                self.stand_beside(backup, at)
            database.content, database.beside, database.replaced = (
                database.beside or Content(),
                None,
                database.content,
            )
            database.is_there = True
            gone = database.name_of(database.replaced.revision or "")
            self._changed(database, f"it is as in {backup.id}", unmakes=gone)
        return database.row_counts()

    def is_untouched(self, at: PlacedDatabase) -> bool:
        database = self.backups.databases.as_owner(at)
        if database.is_there:
            database.row_counts()  # one that does not run answers nothing
        return database.beside is not None and database.replaced is None

    def remove_beside(self, at: PlacedDatabase) -> None:
        database = self.backups.databases.as_owner(at)
        if database.beside is not None:
            database.beside = None
            self._changed(database, "nothing stands beside it")

    def remove_replaced(self, at: PlacedDatabase) -> None:
        database = self.backups.databases.as_owner(at)
        if database.replaced is not None:
            database.replaced = None
            self._changed(database, "what was replaced is gone")

    def _changed(self, database: MemoryDatabase, what: str, **made: str) -> None:
        self.backups.engine.moments.change(f"{database.called}: {what}", **made)


@dataclass
class MemoryVolumeCopies:
    """Volumes out of those backups."""

    backups: MemoryBackups

    def image_with_tools(self, images: Iterable[str], key: str) -> str:
        return next(iter(images))

    def put_beside(self, backup: Backup, name: str, volume: str, image: str, key: str) -> None:
        self.backups.compare(backup)
        self._volumes[_new(volume)] = self.backups.sealed[backup.id].volumes[name]
        self.backups.engine.moments.change(f"a copy stands beside the volume {volume}")

    def stands_beside(self, volume: str) -> bool:
        return _new(volume) in self._volumes

    def replace(self, volume: str, image: str, key: str) -> None:
        engine = self.backups.engine
        users = [
            name
            for name, mounted in engine.volumes_mounted.items()
            if volume in mounted and engine.containers_by_name[name].state == "running"
        ]
        if users:
            raise EngineError(
                f"restoring the volume {volume}",
                f"{', '.join(users)} uses it now",
                "Stop what uses it",
            )
        self._volumes[volume] = self._volumes[_new(volume)]
        engine.moments.change(f"the volume {volume} was replaced")

    def remove_beside(self, volume: str) -> None:
        if self._volumes.pop(_new(volume), None) is not None:
            self.backups.engine.moments.change(f"nothing stands beside the volume {volume}")

    @property
    def _volumes(self) -> dict[str, str]:
        return self.backups.engine.volumes


def _new(volume: str) -> str:
    return f"{volume}-tidegate-new"


def _facts(backup: str, contents: Mapping[str, Content]) -> Backup:
    now = datetime.now(UTC)
    tables = {
        f"{name}.{table}": rows
        for name, content in contents.items()
        for table, rows in content.rows.items()
    }
    revisions = [content.revision for content in contents.values() if content.revision]
    return replace(
        _EMPTY,
        id=backup,
        path=backup,
        tables=tables,
        schema_revision=", ".join(revisions) or None,
        made_at=now,
        verified_at=now,
    )


_EMPTY = Backup("", "", 1000, "0" * 64, None, {}, 0.1, 0.1, datetime(2026, 3, 1, tzinfo=UTC), None)

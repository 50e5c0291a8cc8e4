"""The backups of one stack in one environment: made on its engine, kept in a folder of this
machine, put back from there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from blocks.backups.folder import BackupStore
from blocks.backups.making import make_backup
from blocks.backups.restoring import (
    as_proved,
    names_in,
    put_in_place,
    saved_database,
    stand_beside,
)
from blocks.backups.volumes import (
    image_with_tools,
    put_beside,
    remove_beside,
    replace_volume,
    stands_beside,
)
from blocks.databases.engines import beside, open_placed
from blocks.docker.host import DockerHost
from tidegate.backups.saved import PlacedDatabase, Rehearse, ToSave
from tidegate.facts import Backup
from tidegate.stack.data import Database


@dataclass(frozen=True)
class EngineBackups:
    """Made, proved, compared and removed. Raises BackupError, CapacityError, DatabaseError,
    EngineError."""

    host: DockerHost
    store: BackupStore

    def check_room(self, data_size: int) -> None:
        """Raises CapacityError where the disk may not hold a backup of `data_size` bytes of
        data."""
        self.store.check_room(data_size)

    def names(self) -> list[str]:
        """Of all that were finished, the faulty ones too. No file is read."""
        return self.store.names()

    def make(
        self, backup: str, key: str, wanted: ToSave, rehearse: Rehearse, *, since: datetime
    ) -> Backup:
        """Save and prove everything, or keep nothing. One that was made `since` then is returned as
        it is; an older one of that name is another deployment's."""
        return make_backup(
            self.host,
            self.store,
            backup,
            key,
            wanted.databases,
            volumes=wanted.volumes,
            image=wanted.image,
            config=wanted.config,
            since=since,
            now=lambda: datetime.now(UTC),
            rehearse=rehearse,
        )

    def recognize(self, recorded: Backup) -> Backup:
        """What its folder says of itself. Raises BackupError unless that is what the ledger says.
        No file is read."""
        return self.store.manifest_of(recorded).backup

    def compare(self, recorded: Backup) -> None:
        """Raises BackupError unless its folder holds what was there when it was made: all files are
        read."""
        self.store.compare(recorded)

    def remove(self, backups: Collection[str]) -> list[str]:
        """Remove good ones; a faulty one is left for a person to look at."""
        return self.store.remove(backups)


@dataclass(frozen=True)
class EngineDatabaseCopies:
    """Databases out of those backups. Rows are returned by table, compared with those that were
    proved."""

    host: DockerHost
    store: BackupStore

    def found_then(self, backup: Backup, spec: Database) -> list[str]:
        """The names of the databases of a pattern that the backup holds. Raises BackupError."""
        return names_in(self.store.manifest_of(backup).parts, spec.name)

    def stand_beside(self, backup: Backup, at: PlacedDatabase) -> Mapping[str, int]:
        """Restore into a database of its own. Again: from the beginning. Raises BackupError,
        CapacityError."""
        database = open_placed(self.host, at)
        saved = saved_database(self.store, backup, at.spec.name, database)
        return stand_beside(saved, database, as_proved(saved, backup)).tables

    def put_in_place(self, backup: Backup, at: PlacedDatabase) -> Mapping[str, int]:
        """What is in its place stays; what does not stand beside is restored first. Raises
        BackupError, DatabaseError."""
        database = open_placed(self.host, at)
        saved = saved_database(self.store, backup, at.spec.name, database)
        return put_in_place(saved, database, as_proved(saved, backup))

    def is_untouched(self, at: PlacedDatabase) -> bool:
        """Whether a copy stands beside and what is in use is surely as it was. Raises
        DatabaseError."""
        return beside(open_placed(self.host, at)).is_untouched

    def remove_beside(self, at: PlacedDatabase) -> None:
        """The copy that was not used. Again: changes nothing."""
        beside(open_placed(self.host, at)).remove()

    def remove_replaced(self, at: PlacedDatabase) -> None:
        """What the copy has replaced. Again: changes nothing."""
        beside(open_placed(self.host, at)).remove_old()


@dataclass(frozen=True)
class EngineVolumeCopies:
    """Volumes out of those backups."""

    host: DockerHost
    store: BackupStore

    def image_with_tools(self, images: Iterable[str], key: str) -> str:
        """The first of `images` through whose container a volume can be filled. Raises
        EngineError."""
        return image_with_tools(self.host, images, key)

    def put_beside(self, backup: Backup, name: str, volume: str, image: str, key: str) -> None:
        """Unpack into a new volume beside `volume`. Again: from the beginning. Raises BackupError,
        EngineError."""
        put_beside(self.host, self.store, backup, name, volume, image, key)

    def stands_beside(self, volume: str) -> bool:
        return stands_beside(self.host, volume)

    def replace(self, volume: str, image: str, key: str) -> None:
        """Empty `volume` and fill it from the one beside. Again: the same once more. Raises
        EngineError."""
        replace_volume(self.host, volume, image, key)

    def remove_beside(self, volume: str) -> None:
        """Again: changes nothing."""
        remove_beside(self.host, volume)

"""Making a backup that counts: dump, restore into a scratch database, compare, and only then call
it verified."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import BinaryIO

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import Part, digest_of
from blocks.backups.restoring import Restored, SavedDatabase, file_name, put_in_place, stand_beside
from blocks.backups.volumes import save_volume
from blocks.databases.engines import OpenDatabase, beside, open_placed
from blocks.databases.scratch import scratch_database
from blocks.databases.seen import Seen
from blocks.docker.host import DockerHost
from tidegate.backups.saved import PlacedDatabase, Rehearse
from tidegate.errors import BackupError
from tidegate.facts import Backup


@dataclass(frozen=True)
class Dump:
    """A saved database, not yet proved."""

    saved: SavedDatabase
    seen: Seen
    revision: str | None
    seconds: float


def make_backup(
    host: DockerHost,
    store: BackupStore,
    backup: str,
    key: str,
    sources: Sequence[PlacedDatabase],
    *,
    volumes: Mapping[str, str],
    image: str,
    config: Mapping[str, str],
    since: datetime,
    now: Callable[[], datetime],
    rehearse: Rehearse = lambda name, scratch: None,
) -> Backup:
    """Save and prove everything declared, or keep nothing. One that was made `since` then is done
    already, and is returned as it is.

    `volumes` gives the engine's name of each declared volume, which is read through a container of
    `image`; `config` is a fingerprint, never values of secrets. Raises BackupError, CapacityError,
    DatabaseError, EngineError.
    """
    made_at = now()
    if done := [each for each in store.backups() if each.id == backup]:
        return _made_since(done[0], since)
    try:
        sizes = {source.spec.name: _open(host, source).data_size() for source in sources}
        store.check_room(sum(sizes.values()))
        dumps = {
            source.spec.name: save_database(store, backup, source.spec.name, _open(host, source))
            for source in sources
        }
        parts = [part for dump in dumps.values() for part in dump.saved.parts.values()]
        parts += [
            save_volume(host, store, backup, name, volume, image, key)
            for name, volume in volumes.items()
        ]
        parts.append(store.write(backup, "config.json.gz", lambda into: _write_json(into, config)))
        restored = {
            source.spec.name: _prove(
                host, key, source, dumps[source.spec.name], sizes[source.spec.name], rehearse
            )
            for source in sources
        }
        made = _facts(store, backup, parts, dumps, restored, made_at, now())
        store.seal(made, parts)
    except BaseException:
        store.discard(backup)
        raise
    return made


def _made_since(done: Backup, since: datetime) -> Backup:
    """Numbers begin anew where an older copy of the ledger was put in its place."""
    if done.made_at < since:
        raise BackupError(
            f"making the backup {done.id}",
            f"one of that name is there from {done.made_at:%Y-%m-%d %H:%M} UTC, "
            "which is before this deployment was begun",
            "Move its folder away, then start it again",
        )
    return done


def save_database(store: BackupStore, backup: str, name: str, database: OpenDatabase) -> Dump:
    """Dump `database` into `<name>.sql.gz`, or `.rdb.gz`, and what belongs to it. Raises
    DatabaseError, CapacityError."""
    started, seen = time.monotonic(), list[Seen]()

    def kept(dump: Callable[[BinaryIO], Seen | None], into: BinaryIO) -> None:
        if found := dump(into):
            seen.append(found)

    parts = {
        kind: store.write(backup, file_name(name, kind, database.file_type), partial(kept, dump))
        for kind, dump in database.dumps().items()
    }
    saved = SavedDatabase(store, backup, name, parts)
    return Dump(saved, seen[0], database.revision(), time.monotonic() - started)


def compare(backup: str, dump: Dump, restored: Mapping[str, int]) -> None:
    """Raises BackupError unless each table came back with a number of rows that the source had."""
    found = {
        table: dump.seen.fault(table, restored.get(table))
        for table in sorted({*restored, *dump.seen.tables()})
    }
    faults = "; ".join(f"{table}: {fault}" for table, fault in found.items() if fault)
    if faults:
        raise BackupError(
            f"comparing the backup {backup} with its source",
            faults,
            "The backup does not count; make a new one",
        )


def _prove(
    host: DockerHost,
    key: str,
    source: PlacedDatabase,
    dump: Dump,
    data_size: int,
    rehearse: Rehearse,
) -> Restored:
    name = source.spec.name
    with scratch_database(
        host,
        source.spec,
        source.container,
        source.environment,
        f"{key}/{name}",
        data_size=data_size,
    ) as scratch:
        restored = prove(dump, scratch.database)
        rehearse(name, scratch)
    return restored


def prove(dump: Dump, database: OpenDatabase) -> Restored:
    """Restore it as a person's restore does: beside what is in `database`, then in its place.
    Raises BackupError."""
    started, check = (
        time.monotonic(),
        partial(compare, f"{dump.saved.backup}/{dump.saved.name}", dump),
    )
    stand_beside(dump.saved, database, check)
    tables = put_in_place(dump.saved, database, check)
    beside(database).remove_old()
    return Restored(tables, time.monotonic() - started)


def _open(host: DockerHost, source: PlacedDatabase) -> OpenDatabase:
    return open_placed(host, source)


def _facts(
    store: BackupStore,
    backup: str,
    parts: Sequence[Part],
    dumps: Mapping[str, Dump],
    restored: Mapping[str, Restored],
    made_at: datetime,
    verified_at: datetime,
) -> Backup:
    """Tables are named `database.table`."""
    revisions = [dump.revision for dump in dumps.values() if dump.revision]
    return Backup(
        id=backup,
        path=str(store.folder / backup),
        size=sum(part.size for part in parts),
        sha256=digest_of(parts),
        schema_revision=", ".join(revisions) or None,
        tables={
            f"{name}.{table}": rows
            for name, each in restored.items()
            for table, rows in each.tables.items()
        },
        dump_seconds=sum(dump.seconds for dump in dumps.values()),
        restore_seconds=sum(each.seconds for each in restored.values()),
        made_at=made_at,
        verified_at=verified_at,
    )


def _write_json(into: BinaryIO, content: Mapping[str, str]) -> None:
    into.write(json.dumps(dict(content), indent=2, sort_keys=True).encode())

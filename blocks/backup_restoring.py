"""A backup put back over what is there: only what was proved when it was made, and proved again after."""

from __future__ import annotations

from blocks.backup_making import Restored, restore
from blocks.backup_manifest import Part
from blocks.backups import BackupStore
from blocks.databases import SqlDatabase
from blocks.docker_host import KEY_LABEL, DockerHost, engine_errors
from tidegate.errors import BackupError, EngineError
from tidegate.facts import Backup
from tidegate.outside_text import clean_end

_INSIDE = "/tidegate-volume"   # the archive's own folder, as `save_volume` reads it
_EMPTY = ("sh", "-c", f"find {_INSIDE} -mindepth 1 -delete")


def part_of(store: BackupStore, backup: Backup, name: str) -> Part:
    """A file of the backup as the ledger knows it. Raises BackupError."""
    found = next((part for part in store.manifest_of(backup).parts if part.name == name), None)
    if found is None:
        raise BackupError(f"reading the backup {backup.id}", f"it has no {name}", "Choose another backup")
    return found


def replace_database(store: BackupStore, backup: Backup, name: str, database: SqlDatabase) -> Restored:
    """Clear `database` and run the dump `<name>.sql.gz` in it. The file is checked before anything is cleared.

    Raises BackupError where the file is not the one that was proved, or the rows are not those that it had then.
    """
    part = part_of(store, backup, f"{name}.sql.gz")
    store.check(backup.id, part, database.end_mark)
    database.clear()
    restored = restore(store, backup.id, part, database)
    _compare(backup, name, restored)
    return restored


def replace_volume(host: DockerHost, store: BackupStore, backup: Backup, name: str, volume: str, like: str, key: str) -> None:
    """Empty a named volume and unpack `<name>.tar.gz` in it, through a container of `like`'s image.

    Raises EngineError while a running container uses the volume, BackupError where the file is not the one that was made.
    """
    part = part_of(store, backup, f"{name}.tar.gz")
    store.check(backup.id, part)
    doing = f"restoring the volume {volume}"
    with engine_errors(doing):
        users = [str(one.name) for one in host.client.containers.list(filters={"volume": volume})]
        if users:
            raise EngineError(doing, f"{', '.join(users)} uses it now", "Stop what uses it, then start the restore again")
        host.forget(key)
        container = host.client.containers.create(
            host.client.containers.get(like).attrs["Image"], list(_EMPTY[1:]), entrypoint=[_EMPTY[0]], network="none",
            labels={KEY_LABEL: key}, volumes={volume: {"bind": _INSIDE, "mode": "rw"}})
        try:
            container.start()
            if code := container.wait(timeout=host.timeout_seconds)["StatusCode"]:
                said = clean_end(container.logs().decode(errors="replace"), 300)
                raise EngineError(doing, f"emptying it ended with {code}: {said}",
                                  "Look at the volume, then start the restore again")
            with store.read(backup.id, part.name) as archive:
                container.put_archive("/", archive)
        finally:
            container.remove(force=True, v=True)


def _compare(backup: Backup, name: str, restored: Restored) -> None:
    proved = {table.removeprefix(f"{name}."): rows for table, rows in backup.tables.items() if table.startswith(f"{name}.")}
    wrong = [f"{table}: {restored.tables.get(table)} rows, {proved.get(table)} when it was made"
             for table in sorted({*proved, *restored.tables}) if restored.tables.get(table) != proved.get(table)]
    if wrong:
        raise BackupError(f"comparing what the backup {backup.id} brought back", "; ".join(wrong),
                          "Restore another backup: the one made just before this restore holds what was there")

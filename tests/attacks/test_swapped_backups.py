"""A backup is put back only if its folder still is what the ledger took down, and a broken one
stops nobody else."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import MOST_BYTES, digest_of
from blocks.backups.restoring import part_of
from tidegate.errors import BackupError, TidegateError
from tidegate.facts import Backup

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
Edit = Callable[[Path], object]


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    return BackupStore(tmp_path / "backups" / "shop" / "prod")


@pytest.fixture
def recorded(store: BackupStore) -> Backup:
    """What the ledger keeps of the backup `b2`; `b1` is an older one, and another stack has one of
    the same id."""
    sealed(store, "b1", 1)
    sealed(
        BackupStore(store.folder.parents[1] / "mill" / "prod"),
        "b2",
        2,
        dump=b"-- the mill's; Dump completed",
    )
    return sealed(store, "b2", 2)


def sealed(store: BackupStore, name: str, hours: int, dump: bytes = b"-- Dump completed") -> Backup:
    parts = [
        store.write(name, file, writes(dump + name.encode()))
        for file in ("main.sql.gz", "uploads.tar.gz")
    ]
    made = Backup(
        name,
        str(store.folder / name),
        sum(part.size for part in parts),
        digest_of(parts),
        "0002",
        {"main.bills": 3},
        1.25,
        1,
        NOON + timedelta(hours=hours),
        NOON + timedelta(hours=hours),
    )
    store.seal(made, parts)
    return made


def writes(content: bytes) -> Callable[[BinaryIO], None]:
    def produce(into: BinaryIO) -> None:
        into.write(content)

    return produce


def manifest(change: Callable[[dict[str, Any]], object]) -> Edit:
    def edit(folder: Path) -> None:
        content = json.loads((folder / "manifest.json").read_text())
        change(content)
        (folder / "manifest.json").write_text(json.dumps(content))

    return edit


def written(content: bytes) -> Edit:
    return lambda folder: (folder / "manifest.json").write_bytes(content)


def swapped_for(where: str) -> Edit:
    def swap(folder: Path) -> None:
        other = (folder / where).resolve()
        shutil.rmtree(folder)
        shutil.copytree(other, folder)

    return swap


def forged(folder: Path) -> None:
    """Another dump, with a manifest that fits it in every sum."""
    part = BackupStore(folder.parent).write(
        folder.name, "main.sql.gz", writes(b"DROP TABLE bills; -- Dump completed")
    )
    content = json.loads((folder / "manifest.json").read_text())
    content["parts"][0] |= {"size": part.size, "sha256": part.sha256}
    lines = [f"{one['sha256']}  {one['name']}\n" for one in content["parts"]]
    content["sha256"] = hashlib.sha256("".join(lines).encode()).hexdigest()
    content["size"] = sum(one["size"] for one in content["parts"])
    (folder / "manifest.json").write_text(json.dumps(content))


def linked(name: str) -> Edit:
    def link(folder: Path) -> None:
        (folder / name).rename(folder.parents[1] / "elsewhere")
        (folder / name).symlink_to(folder.parents[1] / "elsewhere")

    return link


def linked_folder(folder: Path) -> None:
    folder.rename(folder.parents[1] / "elsewhere")
    folder.symlink_to(folder.parents[1] / "elsewhere")


def pipe(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")


def folder_for_a_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()


def other_bytes(folder: Path) -> None:
    (folder / "main.sql.gz").write_bytes(gzip.compress(b"DROP TABLE bills; -- Dump completed"))


def same_size(folder: Path) -> None:
    content = (folder / "uploads.tar.gz").read_bytes()
    (folder / "uploads.tar.gz").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


FAULTY_MANIFESTS: dict[str, Edit] = {
    "no JSON": written(b"{"),
    "nothing": written(b""),
    "not UTF-8": written(b'{"id": "\xff"}'),
    "a list": written(b"[]"),
    "3,000 brackets": written(b"[" * 3000),
    "100,000 nested keys": written(b'{"a":' * 100_000),
    "4,000 digits": manifest(lambda one: one.update(size=10**4000)),
    "5,000 digits": written(b'{"size": ' + b"9" * 5000 + b"}"),
    "NaN": manifest(lambda one: one.update(dump_seconds=float("nan"))),
    "too large": written(b'{"id": "' + b"x" * MOST_BYTES + b'"}'),
    "a key is missing": manifest(lambda one: one.pop("sha256")),
    "a text for a number": manifest(lambda one: one.update(size="much")),
    "no date": manifest(lambda one: one.update(made_at="noon")),
    "no time zone": manifest(lambda one: one.update(made_at="2026-05-03T12:00:00")),
    "parts are no list": manifest(lambda one: one.update(parts={"a": 1})),
    "a path for a part": manifest(lambda one: one["parts"][0].update(name="../b1/main.sql.gz")),
    "an absolute part": manifest(lambda one: one["parts"][0].update(name="/etc/passwd")),
    "a part twice": manifest(lambda one: one["parts"].append(one["parts"][0])),
    "itself as a part": manifest(lambda one: one["parts"][0].update(name="manifest.json")),
    "another id": manifest(lambda one: one.update(id="b1")),
    "a link": linked("manifest.json"),
    "a pipe": pipe,
    "a folder": folder_for_a_manifest,
    "a linked folder": linked_folder,
    "another sum": manifest(lambda one: one.update(sha256="0" * 64)),
    "a part taken out": manifest(lambda one: one["parts"].pop()),
}
OTHER_FOLDERS: dict[str, Edit] = {
    "another backup": swapped_for("../b1"),
    "another stack's of the same id": swapped_for("../../../mill/prod/b2"),
    "another dump with a manifest that fits": forged,
    "another dump": other_bytes,
    "one bit": same_size,
    "a cut file": lambda folder: os.truncate(folder / "main.sql.gz", 10),
    "a missing file": lambda folder: (folder / "uploads.tar.gz").unlink(),
    "an extra file": lambda folder: (folder / "other.sql.gz").write_bytes(b""),
    "an extra folder": lambda folder: (folder / "more").mkdir(),
    "a linked part": linked("main.sql.gz"),
    "other rows": manifest(lambda one: one.update(tables={"main.bills": 0})),
    "another schema": manifest(lambda one: one.update(schema_revision="0001")),
    "never verified": manifest(lambda one: one.update(verified_at=None)),
    "made later": manifest(lambda one: one.update(made_at="2099-01-01T00:00:00+00:00")),
    "no folder at all": shutil.rmtree,
}


def test_a_folder_that_is_what_the_ledger_took_down_passes(
    store: BackupStore, recorded: Backup
) -> None:
    store.compare(recorded)


def test_what_a_killed_write_left_beside_is_no_fault(store: BackupStore, recorded: Backup) -> None:
    (store.folder / "b2" / ".main.sql.gz.part").write_bytes(b"half")
    store.compare(recorded)


def test_a_home_that_was_moved_is_no_fault(
    store: BackupStore, recorded: Backup, tmp_path: Path
) -> None:
    (tmp_path / "backups").rename(tmp_path / "moved")
    BackupStore(tmp_path / "moved" / "shop" / "prod").compare(recorded)


@pytest.mark.parametrize(
    "edit",
    [*FAULTY_MANIFESTS.values(), *OTHER_FOLDERS.values()],
    ids=[*FAULTY_MANIFESTS, *OTHER_FOLDERS],
)
def test_what_is_not_as_the_ledger_took_it_down_is_one_clear_error(
    store: BackupStore, recorded: Backup, edit: Edit
) -> None:
    edit(store.folder / "b2")
    with pytest.raises(BackupError) as refused:
        store.compare(recorded)
    assert "b2" in refused.value.doing
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("edit", FAULTY_MANIFESTS.values(), ids=FAULTY_MANIFESTS)
def test_a_faulty_manifest_of_one_backup_hides_no_other(
    store: BackupStore, recorded: Backup, edit: Edit
) -> None:
    sealed(store, "b3", 3)
    edit(store.folder / "b2")
    assert [one.id for one in store.backups()] == ["b3", "b1"]
    assert [fault.name for fault in store.listed().faulty] == ["b2"]
    assert all(isinstance(fault.error, BackupError) for fault in store.listed().faulty)


@pytest.mark.parametrize("edit", FAULTY_MANIFESTS.values(), ids=FAULTY_MANIFESTS)
def test_a_faulty_backup_is_never_removed_by_itself(
    store: BackupStore, recorded: Backup, edit: Edit
) -> None:
    edit(store.folder / "b2")
    assert store.remove(["b1", "b2", "b0"]) == ["b1"]
    assert os.path.lexists(store.folder / "b2")


def test_only_a_backup_of_this_folder_can_be_removed(store: BackupStore, recorded: Backup) -> None:
    assert store.remove(["../../mill/prod/b2", "..", "", "."]) == []
    assert (store.folder.parents[1] / "mill" / "prod" / "b2" / "manifest.json").is_file()


def test_a_socket_or_a_loose_file_among_the_backups_is_none(
    store: BackupStore, recorded: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.folder / "notes.txt").write_text("mine")
    (store.folder / "unfinished").mkdir()
    monkeypatch.chdir(store.folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        assert ([one.id for one in store.backups()], store.listed().faulty) == (["b2", "b1"], ())


def test_room_is_asked_for_by_what_lies_there_and_not_by_what_a_manifest_says(
    store: BackupStore, recorded: Backup
) -> None:
    manifest(
        lambda one: [
            one.update(size=1 << 60),
            one["parts"][0].update(size=(1 << 60) - one["parts"][1]["size"]),
        ]
    )(store.folder / "b2")
    assert store.backups()[0].size == 1 << 60
    store.check_room(10)


def test_the_files_that_are_put_back_are_those_that_the_ledger_knows(
    store: BackupStore, recorded: Backup
) -> None:
    assert part_of(store, recorded, "main.sql.gz").name == "main.sql.gz"
    forged(store.folder / "b2")
    with pytest.raises(BackupError, match="another size, sha256 than the ledger"):
        part_of(store, recorded, "main.sql.gz")


def test_no_value_of_an_edited_manifest_is_repeated(store: BackupStore, recorded: Backup) -> None:
    manifest(lambda one: one.update(made_at="hunter2\x1b[2J"))(store.folder / "b2")
    with pytest.raises(TidegateError) as refused:
        store.compare(recorded)
    assert "hunter2" not in str(refused.value)

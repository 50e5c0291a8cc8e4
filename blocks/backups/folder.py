"""Backups on disk: written whole or not at all, counted only when a restored copy has been
compared, pruned last."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

from blocks.backups.manifest import (
    MANIFEST,
    MOST_BYTES,
    Manifest,
    Part,
    read_manifest,
    refuse_changed_files,
    refuse_other,
    regular_file,
)
from tidegate.atomic_file import sync_folder
from tidegate.each import Parted, each
from tidegate.errors import BackupError, CapacityError
from tidegate.facts import Backup

Producer = Callable[[BinaryIO], object]
"""Writes the plain content; what is on disk is its gzip."""


class BackupStore:
    """The backups of one stack in one environment, one folder each, readable by their owner
    alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check_room(self, data_size: int) -> None:
        """Raises CapacityError where the disk may not hold a backup of `data_size` bytes of
        data."""
        newest = next(iter(self.backups()), None)
        need = _bytes_in(self.folder / newest.id) * 2 if newest else data_size
        self._make(self.folder)
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise CapacityError(
                f"making room for a backup in {self.folder}",
                f"{free} bytes are free, {need} are needed",
                "Free some disk space there",
            )

    def write(self, backup: str, name: str, produce: Producer) -> Part:
        """Keep what `produce` writes as `name`, compressed. The file appears only when it is whole
        and on disk."""
        folder = self.folder / backup
        self._make(folder)
        hidden = folder / f".{name}.part"
        try:
            with _owner_only(hidden) as file:
                digest = _Digest(file)
                with gzip.GzipFile(
                    fileobj=cast(BinaryIO, digest), mode="wb", compresslevel=1, filename="", mtime=0
                ) as packed:
                    produce(cast(BinaryIO, packed))
            hidden.rename(folder / name)
            sync_folder(folder)
        except OSError as error:
            hidden.unlink(missing_ok=True)
            raise CapacityError(
                f"writing the backup {backup}/{name}",
                error.strerror or type(error).__name__,
                "Free some disk space there; nothing was kept",
            ) from None
        except BaseException:
            hidden.unlink(missing_ok=True)
            raise
        return Part(name, digest.size, digest.hexdigest())

    @contextmanager
    def read(self, backup: str, name: str) -> Iterator[BinaryIO]:
        """The plain content of a part. Raises BackupError where the file is cut, changed or not
        there."""
        doing = f"reading the backup {backup}/{name}"
        with regular_file(self.folder / backup, name, doing) as file:
            try:
                with gzip.open(file) as content:
                    yield cast(BinaryIO, content)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise BackupError(
                    doing, f"it is damaged ({error})", "Make a new backup; do not restore this one"
                ) from None

    def check(self, backup: str, part: Part, end_mark: bytes = b"") -> None:
        """Raises BackupError unless the file is the one that was written, unpacks whole and ends
        with `end_mark`."""
        doing, end = f"checking the backup {backup}/{part.name}", b""
        with regular_file(self.folder / backup, part.name, doing) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != part.sha256:
                raise BackupError(
                    doing,
                    "its sha256 is another than when it was written",
                    "Make a new backup; do not restore this one",
                )
        with self.read(backup, part.name) as content:
            while chunk := content.read(1 << 20):
                end = (end + chunk)[-512:]
        if end_mark not in end:
            raise BackupError(doing, "it stops before its end mark", "Make a new one")

    def seal(self, backup: Backup, parts: Collection[Part]) -> None:
        """Write the manifest: from now on the backup is in the list. Raises BackupError for one
        that nobody could read again."""
        facts: dict[str, Any] = {**asdict(backup), "parts": [asdict(part) for part in parts]}
        facts["made_at"] = backup.made_at.isoformat()
        facts["verified_at"] = backup.verified_at.isoformat() if backup.verified_at else None
        content = json.dumps(facts, indent=2, ensure_ascii=False).encode()
        if len(content) > MOST_BYTES:
            raise BackupError(
                f"writing the backup {backup.id}",
                f"{len(backup.tables)} tables make a manifest of more than {MOST_BYTES} bytes",
                "Part the databases among several stacks",
            )
        folder = self.folder / backup.id
        hidden = folder / f".{MANIFEST}.part"
        with _owner_only(hidden) as file:
            file.write(content)
        hidden.rename(folder / MANIFEST)
        sync_folder(folder)

    def backups(self) -> list[Backup]:
        """Newest first. A folder without a manifest was never finished, and one with a faulty
        manifest counts as none."""
        good = self.listed().good.values()
        return sorted(
            (manifest.backup for manifest in good), key=lambda backup: backup.made_at, reverse=True
        )

    def names(self) -> list[str]:
        """Of every folder that has a manifest, good or faulty."""
        there = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(path.name for path in there if os.path.lexists(path / MANIFEST))

    def listed(self) -> Parted[Manifest]:
        """Every folder that has a manifest, the good and the faulty apart."""
        sealed = {name: self.folder / name for name in self.names()}
        return each(sealed, read_manifest, "reading the backup")

    def manifest_of(self, recorded: Backup) -> Manifest:
        """The manifest of a backup that the ledger knows. Raises BackupError unless it says what
        the ledger says."""
        manifest = read_manifest(self.folder / recorded.id)
        refuse_other(manifest, recorded)
        return manifest

    def compare(self, recorded: Backup) -> None:
        """Raises BackupError unless the folder holds what was there when the ledger took it down:
        all files are read."""
        refuse_changed_files(self.folder / recorded.id, self.manifest_of(recorded))

    def remove(self, backups: Collection[str]) -> list[str]:
        """Remove good ones; a faulty one is left for a person to look at."""
        gone = [name for name in self.listed().good if name in backups]
        for name in gone:
            shutil.rmtree(self.folder / name)
        return gone

    def discard(self, backup: str) -> None:
        """Remove what an attempt that failed has written, but never a sealed backup."""
        folder = self.folder / backup
        if folder.is_dir() and not (folder / MANIFEST).exists():
            shutil.rmtree(folder)

    def _make(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)


class _Digest(io.RawIOBase):
    """A writer that counts and hashes what it passes on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sum, self.size = file, hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self._sum.update(data)
        self.size += len(data)
        return self._file.write(data)

    def hexdigest(self) -> str:
        return self._sum.hexdigest()


@contextmanager
def _owner_only(path: Path) -> Iterator[BinaryIO]:
    """A new file of mode 0600, on disk when the `with` ends."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _bytes_in(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.iterdir())

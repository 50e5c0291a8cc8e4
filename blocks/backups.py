"""Backups on disk: written whole or not at all, counted only when a restored copy has been compared, pruned last."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from tidegate.errors import BackupError, CapacityError
from tidegate.facts import Backup

MANIFEST = "manifest.json"
Producer = Callable[[BinaryIO], None]
"""Writes the plain content; what is on disk is its gzip."""


@dataclass(frozen=True)
class Part:
    """One file of a backup."""

    name: str
    size: int
    """Bytes on disk."""
    sha256: str
    """Of the bytes on disk."""


class BackupStore:
    """The backups of one stack in one environment, one folder each, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check_room(self, data_size: int) -> None:
        """Raises CapacityError where the disk may not hold a backup of `data_size` bytes of data."""
        newest = next(iter(self.backups()), None)
        need = newest.size * 2 if newest else data_size
        self._make(self.folder)
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise CapacityError(f"making room for a backup in {self.folder}", f"{free} bytes are free, {need} are needed",
                                "Free some disk space there")

    def write(self, backup: str, name: str, produce: Producer) -> Part:
        """Keep what `produce` writes as `name`, compressed. The file appears only when it is whole and on disk."""
        folder = self.folder / backup
        self._make(folder)
        hidden = folder / f".{name}.part"
        try:
            with _owner_only(hidden) as file:
                digest = _Digest(file)
                with gzip.GzipFile(fileobj=cast(BinaryIO, digest), mode="wb", compresslevel=1, filename="", mtime=0) as packed:
                    produce(cast(BinaryIO, packed))
            hidden.rename(folder / name)
            _sync_folder(folder)
        except OSError as error:
            hidden.unlink(missing_ok=True)
            raise CapacityError(f"writing the backup {backup}/{name}", error.strerror or type(error).__name__,
                                "Free some disk space there; nothing was kept") from None
        except BaseException:
            hidden.unlink(missing_ok=True)
            raise
        return Part(name, digest.size, digest.hexdigest())

    @contextmanager
    def read(self, backup: str, name: str) -> Iterator[BinaryIO]:
        """The plain content of a part. Raises BackupError where the file is cut, changed or not there."""
        doing = f"reading the backup {backup}/{name}"
        try:
            with gzip.open(self.folder / backup / name) as content:
                yield cast(BinaryIO, content)
        except FileNotFoundError:
            raise BackupError(doing, "there is no such file", "Make a new backup") from None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BackupError(doing, f"it is damaged ({error})", "Make a new backup; do not restore this one") from None

    def check(self, backup: str, part: Part, end_mark: bytes = b"") -> None:
        """Raises BackupError unless the file is the one that was written, unpacks whole and ends with `end_mark`."""
        path, end = self.folder / backup / part.name, b""
        if path.is_file() and _sha256(path) != part.sha256:
            raise BackupError(f"checking the backup {backup}/{part.name}", "its sha256 is another than when it was written",
                              "Make a new backup; do not restore this one")
        with self.read(backup, part.name) as content:
            while chunk := content.read(1 << 20):
                end = (end + chunk)[-512:]
        if end_mark not in end:
            raise BackupError(f"checking the backup {backup}/{part.name}", "it stops before its end mark", "Make a new one")

    def seal(self, backup: Backup, parts: Collection[Part]) -> None:
        """Write the manifest: from now on the backup is in the list."""
        facts: dict[str, Any] = {**asdict(backup), "parts": [asdict(part) for part in parts]}
        facts["made_at"] = backup.made_at.isoformat()
        facts["verified_at"] = backup.verified_at.isoformat() if backup.verified_at else None
        folder = self.folder / backup.id
        hidden = folder / f".{MANIFEST}.part"
        with _owner_only(hidden) as file:
            file.write(json.dumps(facts, indent=2, ensure_ascii=False).encode())
        hidden.rename(folder / MANIFEST)
        _sync_folder(folder)

    def backups(self) -> list[Backup]:
        """Newest first; a folder without a manifest was never finished and is no backup."""
        found = [_backup(json.loads(path.read_text(encoding="utf-8"))) for path in self.folder.glob(f"*/{MANIFEST}")]
        return sorted(found, key=lambda backup: backup.made_at, reverse=True)

    def parts(self, backup: str) -> list[Part]:
        """The files of a sealed backup. Raises BackupError."""
        try:
            manifest = json.loads((self.folder / backup / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BackupError(f"reading the backup {backup}", "it has no manifest", "Use a finished one") from None
        return [Part(**part) for part in manifest["parts"]]

    def prune(self, keep: int, pinned: Collection[str]) -> list[str]:
        """Remove all but the newest `keep` verified and the `pinned`; nothing unless the newest of all is verified."""
        backups = self.backups()
        if not backups or backups[0].verified_at is None:
            return []
        kept = {backup.id for backup in [each for each in backups if each.verified_at][:max(keep, 1)]} | set(pinned)
        old = [backup.id for backup in backups if backup.id not in kept]
        for name in old:
            shutil.rmtree(self.folder / name)
        return old

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


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _backup(facts: Mapping[str, Any]) -> Backup:
    fields = {key: value for key, value in facts.items() if key != "parts"}
    fields["made_at"] = datetime.fromisoformat(facts["made_at"])
    fields["verified_at"] = datetime.fromisoformat(facts["verified_at"]) if facts["verified_at"] else None
    return Backup(**fields)

"""The manifest of a backup, read as something that anybody may have edited, and compared with what
the ledger keeps."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from io import BufferedReader
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from tidegate.errors import BackupError
from tidegate.facts import Backup
from tidegate.secrecy.outside_text import one_line

MANIFEST = "manifest.json"
MOST_BYTES = 32 << 20  # some hundred thousand tables: several hundred databases of tenants
TO_DO = "Do not restore it. Choose another backup, or bring its folder back from your copy"

_Text = Annotated[str, Field(max_length=1000)]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0, lt=1 << 63)]
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Part:
    """One file of a backup."""

    name: str
    size: int
    """Bytes on disk."""
    sha256: str
    """Of the bytes on disk."""


class _Part(BaseModel):
    name: Annotated[str, Field(pattern=r"^[^./][^/\x00]{0,254}$")]
    size: _Count
    sha256: _Sha256


class _Manifest(BaseModel):
    id: _Text
    path: _Text
    size: _Count
    sha256: _Sha256
    schema_revision: _Text | None
    tables: dict[str, _Count]
    dump_seconds: _Seconds
    restore_seconds: _Seconds
    made_at: AwareDatetime
    verified_at: AwareDatetime | None
    parts: list[_Part]


@dataclass(frozen=True)
class Manifest:
    """What a folder says of itself."""

    backup: Backup
    parts: tuple[Part, ...]


def digest_of(parts: Collection[Part]) -> str:
    """SHA-256 of the lines `sha256  name`, as sha256sum prints them: it binds the names and the
    content of all files."""
    lines = "".join(f"{part.sha256}  {part.name}\n" for part in parts)
    return hashlib.sha256(lines.encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Raises BackupError for whatever is no manifest of this folder; reads a bounded number of
    bytes."""
    doing = f"reading the backup {folder.name}"
    with regular_file(folder, MANIFEST, doing) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BackupError(doing, f"its manifest is larger than {MOST_BYTES} bytes", TO_DO)
    try:
        found = _Manifest.model_validate_json(content)
    except ValidationError as error:
        raise BackupError(doing, f"its manifest is damaged ({_first(error)})", TO_DO) from None
    backup = Backup(**{field.name: getattr(found, field.name) for field in fields(Backup)})
    manifest = Manifest(backup, tuple(Part(**part.model_dump()) for part in found.parts))
    if fault := _contradiction(manifest, folder.name):
        raise BackupError(doing, fault, TO_DO)
    return manifest


def refuse_other(manifest: Manifest, recorded: Backup) -> None:
    """Raises BackupError unless the manifest says what the ledger has kept since the backup was
    made.

    The path is not compared: Tidegate's home may have been moved.
    """
    here, there = asdict(manifest.backup), asdict(recorded)
    other = [name for name in here if name != "path" and here[name] != there[name]]
    if other:
        raise BackupError(
            f"comparing the backup {recorded.id} with the ledger",
            f"its manifest has another {', '.join(other)} than the ledger",
            TO_DO,
        )


def refuse_changed_files(folder: Path, manifest: Manifest) -> None:
    """Raises BackupError unless the folder holds exactly the files of the manifest, each with its
    size and SHA-256."""
    doing = f"checking the backup {folder.name}"
    there = {path.name for path in folder.iterdir() if not _is_left_over(path.name)}
    if extra := there - {MANIFEST, *(part.name for part in manifest.parts)}:
        raise BackupError(
            doing,
            "it holds what it did not hold when it was made: "
            f"{', '.join(map(repr, sorted(extra)))}",
            TO_DO,
        )
    for part in manifest.parts:
        with regular_file(folder, part.name, doing) as file:
            if os.fstat(file.fileno()).st_size != part.size:
                raise BackupError(
                    doing, f"{part.name} has another size than when it was written", TO_DO
                )
            if hashlib.file_digest(file, "sha256").hexdigest() != part.sha256:
                raise BackupError(
                    doing, f"{part.name}: its sha256 is another than when it was written", TO_DO
                )


@contextmanager
def regular_file(folder: Path, name: str, doing: str) -> Iterator[BufferedReader]:
    """A plain file of the folder: no link and no pipe, and no folder that is a link. Raises
    BackupError."""
    try:
        inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            # a pipe keeps nobody waiting
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inside)
        finally:
            os.close(inside)
    except OSError as error:
        raise BackupError(doing, _why_not(error, name), TO_DO) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BackupError(doing, f"{name} is no plain file", TO_DO)
    with open(handle, "rb") as file:
        yield file


def _contradiction(manifest: Manifest, folder: str) -> str | None:
    names = [part.name for part in manifest.parts]
    if manifest.backup.id != folder:
        return f"its manifest is that of {one_line(manifest.backup.id, 80)}"
    if len(names) != len(set(names)) or MANIFEST in names:
        return "its manifest names a file twice"
    if manifest.backup.sha256 != digest_of(manifest.parts) or manifest.backup.size != sum(
        part.size for part in manifest.parts
    ):
        return "the sum in its manifest is not that of the files in its manifest"
    return None


def _is_left_over(name: str) -> bool:
    """Of a write that was killed: never read."""
    return name.startswith(".") and name.endswith(".part")


def _why_not(error: OSError, name: str) -> str:
    if error.errno == errno.ENOENT:
        return "it has no manifest" if name == MANIFEST else f"{name} is missing"
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return f"{name} is a link, or lies in one"
    return f"{name} cannot be read ({error.strerror})"


def _first(error: ValidationError) -> str:
    """Where and what, without the value: it may be anything."""
    found: Any = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(one_line(str(part), 40) for part in found["loc"][:3])
    return f"{where}: {found['msg']}" if where else str(found["msg"])

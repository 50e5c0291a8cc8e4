"""A file that is wholly old or wholly new, whatever happens meanwhile."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(file: Path, text: str) -> None:
    """Write beside `file` under a hidden name ending in `.tmp`, which folder watchers ignore; then
    rename over it.

    Whoever may look into the folder may read the file, whatever the umask is: the edge reads as
    another user.
    """
    beside = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with beside.open("w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), file.parent.stat().st_mode & 0o666)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Without it a power cut may lose a new or renamed file of the folder, although its content is
    on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

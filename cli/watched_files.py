"""Has a file changed that this process has imported? For programs that outlive an edit of their own source."""

from __future__ import annotations

import sys
import sysconfig
import time
from pathlib import Path

# Installed libraries change by a new installation, after which one starts anew: looking at thousands of files is not worth it.
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
Stamp = tuple[int, int]


class WatchedFiles:
    """Made before the imports, so that a file edited while it was read counts as changed."""

    def __init__(self) -> None:
        self._since = time.time_ns()
        self._stamps: dict[Path, Stamp | None] = {}

    def watch_imported(self) -> None:
        """Every module of this process that is no installed library."""
        files = {Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
        self._stamps = {file: self._first_stamp(file) for file in files if not _is_library(file)}

    def changed(self) -> Path | None:
        """The first file that is not what was imported."""
        return next((file for file, stamp in self._stamps.items() if _stamp(file) != stamp), None)

    def _first_stamp(self, file: Path) -> Stamp | None:
        stamp = _stamp(file)
        edited_meanwhile = stamp is not None and self._since <= stamp[0] <= time.time_ns()
        return (0, 0) if edited_meanwhile else stamp


def _is_library(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in LIBRARIES)


def _stamp(file: Path) -> Stamp | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size

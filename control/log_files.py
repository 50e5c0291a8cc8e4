"""What the processes of the control plane print lies in files that do not grow without end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tidegate.secrecy.kept import private_umask

MOST_BYTES = 20 * 1024 * 1024


def shorten(folder: Path) -> None:
    """Of a log in `folder` that is longer than `MOST_BYTES` the end, as long as that, becomes
    `NAME.log.1`, in the place of the one before, and the log begins anew.

    Its writers have it open for appending, and go on in the same file. What one of them prints in
    this very moment can be lost.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > MOST_BYTES:
            _begin_anew(log)


def _begin_anew(log: Path) -> None:
    """Where there is no room for a copy, what was printed is worth less than room."""
    copy = log.with_name(f".{log.name}.copy")
    try:
        with private_umask(), log.open("rb") as old, copy.open("wb") as new:
            old.seek(-MOST_BYTES, os.SEEK_END)
            shutil.copyfileobj(old, new)
        copy.replace(log.with_name(f"{log.name}.1"))
    except OSError:
        copy.unlink(missing_ok=True)
    os.truncate(log, 0)

"""What the processes of the control plane print lies in files that do not grow without end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tidegate.secrecy.kept import private_umask

MOST_BYTES = 20 * 1024 * 1024


def shorten(folder: Path) -> None:
    """A log in `folder` that is longer than `MOST_BYTES` becomes `NAME.log.1`, in the place of the
    one before, and begins anew.

    Its writers have it open for appending, and go on in the same file. What one of them prints in
    this very moment can be lost.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > MOST_BYTES:
            _begin_anew(log)


def _begin_anew(log: Path) -> None:
    copy = log.with_name(f".{log.name}.copy")
    with private_umask():
        shutil.copyfile(log, copy)
    copy.replace(log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)

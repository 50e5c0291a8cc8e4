"""Folders of this machine that containers write into."""

from __future__ import annotations

import os
from collections.abc import Collection

from tidegate.errors import EngineError


def make_folders(paths: Collection[str]) -> None:
    """Those that are not there yet. Raises EngineError."""
    for path in paths:
        try:
            if not os.path.lexists(path):
                os.makedirs(path)
        except OSError as error:
            raise EngineError(
                f"making the folder {path}", error.strerror or type(error).__name__, "Make it"
            ) from None

"""What a file of the team says, as far as it can be read."""

from __future__ import annotations

from pathlib import Path

MOST_BYTES = 1 << 20


def file_text(file: Path) -> str:
    """Empty where it is none that can be read: then it says nothing."""
    try:
        if not file.is_file():  # a named pipe would be waited for
            return ""
        with file.open(errors="replace") as opened:
            return opened.read(MOST_BYTES)
    except OSError:
        return ""

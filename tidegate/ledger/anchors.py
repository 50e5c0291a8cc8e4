"""Hashes of the audit trail that were written down outside of the ledger: they show a cut end and a
rewritten chain."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tidegate.errors import InputError, LedgerError
from tidegate.secrecy.outside_text import one_line

FILE = "audit-trail.txt"
_FORM = re.compile(r"(\d{1,12}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Anchor:
    """The newest entry of a moment. `str` gives `123:9f86...`, the form for people and files."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InputError."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise InputError(
                "reading an anchor of the audit trail",
                f"{one_line(text, 100)!r} is none",
                "Give NUMBER:HASH as `tidegate audit verify` printed it",
            )
        return cls(int(found[1]), found[2])


class AnchorFile:
    """One line a moment, appended only: `2026-11-26T14:00:00Z 123:9f86...`."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE

    def read(self) -> tuple[list[Anchor], list[str]]:
        """The anchors in order, and what is wrong with the lines that are none: nobody but Tidegate
        writes here."""
        anchors, faults = list[Anchor](), list[str]()
        for number, line in enumerate(self._lines(), start=1):
            try:
                anchors.append(Anchor.parse(line.rpartition(" ")[2]))
            except InputError:
                faults.append(f"line {number} of {FILE} is no anchor")
        return anchors, faults

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LedgerError(
                f"reading {self._file}", error.strerror or type(error).__name__, "Look at the file"
            ) from None

    def append(self, anchor: Anchor) -> None:
        """Nothing is written while the newest line says the same."""
        if self.read()[0][-1:] == [anchor]:
            return
        line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {anchor}\n".encode()
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)

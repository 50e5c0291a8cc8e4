"""What was counted in a database while it was dumped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

_HEAD = 1 << 14


@dataclass(frozen=True)
class Seen:
    """Other people wrote meanwhile: a job that was queued and done was in none of the counts, and
    may be in the dump."""

    counts: Sequence[Mapping[str, int]]
    """Rows per table, each time at one moment."""
    changes: int
    """How many rows came and went between a count and the moment of the dump, as the server tells
    it. 0: they are the same moment, or nothing was written."""
    unwritten: Collection[str] = ()
    """Tables in which surely nothing changed."""
    lists_empty: bool = True
    """Whether what has no rows is counted as 0; otherwise it is left out."""

    def fault(self, table: str, restored: int | None) -> str | None:
        """What is wrong with this number of restored rows, None for a table that did not come
        back."""
        counted = [counts.get(table) for counts in self.counts]
        if not self.lists_empty:
            counted, restored = [count or 0 for count in counted], restored or 0
        known = [count for count in counted if count is not None]
        was_always_there = len(known) == len(counted)
        if restored is None:
            return "is missing" if known and was_always_there else None
        if not known:
            return f"has {restored} rows and is not in the source"
        # A table made or dropped during the dump was not there each time: any number up to the
        # largest is honest.
        least = min(known) if was_always_there else 0
        changes = 0 if table in self.unwritten else self.changes
        if least - changes <= restored <= max(known) + changes:
            return None
        besides = f", where {changes} came or went" if changes else ""
        return f"{restored} rows restored, {_span(known)} in the source{besides}"

    def tables(self) -> set[str]:
        return {table for counts in self.counts for table in counts}


def _span(counts: Sequence[int]) -> str:
    return " to ".join(str(count) for count in sorted({min(counts), max(counts)}))


class Begun:
    """A writer that passes everything on, and asks `question` once when a dump has surely begun to
    read rows: after more than the words that begin a file, or at its end."""

    def __init__(self, sink: BinaryIO, question: Callable[[], int]) -> None:
        self._sink, self._question, self._written = sink, question, 0
        self._answer: int | None = None

    def write(self, data: bytes) -> int:
        self._written += len(data)
        if self._written > _HEAD:
            self.answer()
        return self._sink.write(data)

    def answer(self) -> int:
        """Of the first time that it was asked."""
        if self._answer is None:
            self._answer = self._question()
        return self._answer

"""What a revision file says to a database, taken down step by step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """SQL that is said to the database, or why nobody can say what is."""

    sql: str = ""
    unknown: str = ""
    branch: int = 0
    """0 for what always runs; what may run or not has the number of its branch."""


@dataclass
class Reading:
    """One direction of a revision."""

    steps: list[Step] = field(default_factory=list)
    types_before: list[str] = field(default_factory=list)
    """SQL that would make the types which columns have before, where the revision says so."""
    raises: bool = False


@dataclass
class Allowance:
    """What all revisions of a release may take to be read."""

    steps: int = 150_000
    characters: int = 3_000_000


class TooLongError(Exception):
    """The revision goes on and on."""


class Record:
    """Takes down one direction of a revision. Raises TooLongError when the allowance is used up."""

    def __init__(self, allowance: Allowance) -> None:
        self.reading, self._allowance = Reading(), allowance
        self._branches, self._branch = 0, 0

    def count(self, steps: int = 1) -> None:
        self._allowance.steps -= steps
        if self._allowance.steps < 0:
            raise TooLongError

    def say(self, sql: str) -> None:
        if sql.strip():
            self.reading.steps.append(Step(sql=sql, branch=self._branch))

    def say_unknown(self, why: str) -> None:
        self.reading.steps.append(Step(unknown=why, branch=self._branch))

    @contextmanager
    def branch(self) -> Iterator[None]:
        outer, self._branches = self._branch, self._branches + 1
        self._branch = self._branches
        try:
            yield
        finally:
            self._branch = outer

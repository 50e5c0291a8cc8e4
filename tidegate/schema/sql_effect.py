"""One thing that a statement of a migration does to a schema or its rows."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.schema.sql_alterations import ColumnChange
from tidegate.schema.sql_rules import Rule
from tidegate.secrecy.outside_text import one_line


@dataclass(frozen=True)
class Effect:
    """One thing that a statement does."""

    what: str
    """For people: `drops column bills.note`."""
    breaks: bool = False
    """Whether a version that does not know the change may trip over it."""
    loses: bool = False
    """Whether rows or values are gone, or nobody can say."""
    change: ColumnChange | None = None
    """Of a column's type or emptiness: whether it breaks or loses depends on what it was before."""
    rule: Rule | None = None
    """A constraint that is made or dropped."""


def not_understood(text: str) -> Effect:
    return Effect(f"runs SQL that is not understood: {short(text)}", loses=True)


def short(text: str) -> str:
    return one_line(text, 60)

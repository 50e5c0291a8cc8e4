"""A state of a schema history as text: the names of what was applied, sorted, with a blank between
each two.

Alembic's state is one name, its revision. Of tools that write down each migration it is many names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MOST_NAMES = 5_000
_NAME = re.compile(r"[\x21-\x7e]{1,255}")


def is_name(text: str) -> bool:
    """Whether a name can stand in a state: it has no blank, and nothing that nobody sees."""
    return _NAME.fullmatch(text) is not None


def state_of(names: Iterable[str]) -> str | None:
    """None where nothing was applied."""
    return " ".join(sorted(set(names))) or None


def names_in(state: str | None) -> tuple[str, ...]:
    return tuple((state or "").split())


def shown(state: str | None) -> str:
    """One name as it is, of many their number; nothing of an empty database."""
    names = names_in(state)
    return f"({len(names)})" if len(names) > 1 else "".join(names)


def moved(old: str | None, new: str | None) -> str:
    """What a move does, in one line: `0001 → 0002`, or `(41) → (42): +shop.0003_note`."""
    was, now = names_in(old), names_in(new)
    way = f"{shown(old) or 'empty'} → {shown(new) or 'empty'}"
    if len(was) <= 1 and len(now) <= 1:
        return way
    more, fewer = _beyond(now, was), _beyond(was, now)
    return f"{way}: {few([*(f'+{name}' for name in more), *(f'-{name}' for name in fewer)])}"


def _beyond(names: Sequence[str], others: Sequence[str]) -> list[str]:
    known = set(others)
    return [name for name in names if name not in known]


def few(texts: Sequence[str], most: int = 5, between: str = " ") -> str:
    """The first ones, and how many there are besides."""
    more = len(texts) - most
    return between.join([*texts[:most], *([f"… +{more}"] if more > 0 else [])])

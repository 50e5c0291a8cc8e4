"""Tables, lists, moments and sizes, as all pages show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from tidegate.pages.words import Words
from tidegate.secrecy.outside_text import code

MOST_NAMES = 30
MOST_ROWS = 500
"""Of a table about tables of databases."""
_BAR = re.compile(r"(?<!\\)\|")


def local(moment: datetime, time_zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M} ({time_zone})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells as markdown, each on one line."""
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def few(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """The first rows, and in one more how many there are besides."""
    more = len(rows) - MOST_ROWS
    if more <= 0:
        return rows
    return [*islice(rows, MOST_ROWS), [f"… +{more}", *[""] * (len(rows[0]) - 1)]]


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Name and value, each pair on a line that a narrow screen can break: of a table it would hide
    the right half."""
    return "\n".join(f"- **{name}:** {' '.join(value.split())}" for name, value in rows)


def listed(names: Sequence[str]) -> str:
    """As code, the first ones; a name is the team's, so it may hold anything."""
    more = len(names) - MOST_NAMES
    return ", ".join(
        [code(name) for name in islice(names, MOST_NAMES)] + ([f"… +{more}"] if more > 0 else [])
    )


def age_text(age: timedelta, words: Words) -> str:
    minutes = int(age.total_seconds() // 60)
    for unit, length in (("days", 24 * 60), ("hours", 60)):
        if minutes >= 2 * length:
            return words[unit].format(count=minutes // length)
    return words["minutes"].format(count=minutes)


def size_text(octets: int) -> str:
    return f"{octets / 1024:.1f} KiB" if octets < 1 << 20 else f"{octets / (1 << 20):.1f} MiB"


def _cell(text: str) -> str:
    return _BAR.sub(r"\\|", " ".join(text.split()))

"""Tables, lists, moments and sizes, as all pages show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from tidegate.pages.words import Words
from tidegate.secrecy.outside_text import code

MOST_NAMES = 30
MOST_ROWS = 500
"""Of a table about tables of databases."""
_BAR = re.compile(r"(?<!\\)\|")
_CELL_WIDTH = 40
"""In columns of a terminal, of which a Chinese character takes two: the UI breaks no line of a
table, and a telephone shows about so much of it."""
_WHOLE = re.compile(r"(?:\\.|[^\s`\\]|`[^`]*`)+ ?|[`\\] ?")
_SIGNS = "、。》」』】〕〗！）：；，．？｝～”’…—"
_BETWEEN = re.compile(f"(?<=[一-鿿{_SIGNS}])(?![{_SIGNS}])")
"""Where a Chinese text may be broken: not before its signs."""


def local(moment: datetime, time_zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M} ({time_zone})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells as markdown; long ones are broken."""
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
    lines = [""]
    for part in _parts(" ".join(text.split())):
        if lines[-1] and _width(lines[-1] + part.rstrip()) > _CELL_WIDTH:
            lines.append("")
        lines[-1] += part
    return _BAR.sub(r"\\|", "<br>".join(line.rstrip() for line in lines))


def _parts(text: str) -> Iterator[str]:
    """What stays on one line: words, code, and Chinese characters with the sign that follows."""
    for whole in _WHOLE.findall(text):
        yield from [whole] if "`" in whole else filter(None, _BETWEEN.split(whole))


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(one) in "WF") for one in text)


def duration_text(seconds: int, words: Words) -> str:
    """15 min; 90 s."""
    minutes, rest = divmod(seconds, 60)
    if rest or not minutes:
        return words["seconds"].format(count=seconds)
    return words["minutes"].format(count=minutes)

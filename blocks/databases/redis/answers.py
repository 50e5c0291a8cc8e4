"""What a Redis answers to INFO."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_DATABASE = re.compile(r"(db\d+):keys=(\d+),expires=(\d+)")
_BEGINNING = "# Keyspace"


def facts_in(printed: str) -> dict[str, str]:
    """The lines `name:value`."""
    lines = (line.strip().partition(":") for line in printed.splitlines())
    return {name: value for name, mark, value in lines if mark}


def kept_keys(printed: str) -> dict[str, int]:
    """By database, such as `db0`: how many keys never expire. One without any is left out.

    A key that expires goes by itself at any moment, so its number proves nothing.
    """
    found = {name: int(keys) - int(expiring) for name, keys, expiring in _DATABASE.findall(printed)}
    return {name: keys for name, keys in found.items() if keys > 0}


def counted(printed: str) -> Iterator[Mapping[str, int]]:
    """The same of several answers, one after the other."""
    return (kept_keys(answer) for answer in printed.split(_BEGINNING)[1:])


def without_counts(printed: str) -> str:
    """What else was said between such answers."""
    lines = (line.strip() for line in printed.splitlines())
    return "\n".join(line for line in lines if line and not _is_count(line))


def _is_count(line: str) -> bool:
    return line.startswith(_BEGINNING) or bool(_DATABASE.match(line))

"""What a Redis answers to INFO."""

from __future__ import annotations

import re
from itertools import pairwise

from blocks.databases.seen import Seen

_DATABASE = re.compile(r"(db\d+):keys=(\d+),expires=(\d+)")
_CHANGES = re.compile(r"rdb_changes_since_last_save:(\d+)")


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


def seen(printed: str) -> Seen:
    """The same of several answers, one after the other. A server that saves meanwhile begins to
    count its changes anew, and so does not tell how many there were."""
    _, *answers = _CHANGES.split(printed)
    changes = [int(number) for number in answers[::2]]
    were_saved = any(later < earlier for earlier, later in pairwise(changes))
    return Seen(
        [kept_keys(answer) for answer in answers[1::2]],
        float("inf") if were_saved else changes[-1] - changes[0],
    )


def without_counts(printed: str) -> str:
    """What else was said between such answers."""
    lines = (line.strip() for line in printed.splitlines())
    return "\n".join(line for line in lines if line and not _is_count(line))


def _is_count(line: str) -> bool:
    return bool(_CHANGES.match(line) or _DATABASE.match(line))

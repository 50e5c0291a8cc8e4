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
    """The same of several answers, one after the other."""
    _, *answers = _CHANGES.split(printed)
    changes = [int(number) for number in answers[::2]]
    came_and_went = sum(_changes(earlier, later) for earlier, later in pairwise(changes))
    return Seen([kept_keys(answer) for answer in answers[1::2]], came_and_went, lists_empty=False)


def _changes(earlier: int, later: int) -> int:
    """A server that has saved, as it may do for the dump, counts anew what was changed since. What
    was changed right before is not told: taken for it is what had been changed before that."""
    return later - earlier if later >= earlier else later + earlier


def without_counts(printed: str) -> str:
    """What else was said between such answers."""
    lines = (line.strip() for line in printed.splitlines())
    return "\n".join(line for line in lines if line and not _is_count(line))


def _is_count(line: str) -> bool:
    return bool(_CHANGES.match(line) or _DATABASE.match(line))

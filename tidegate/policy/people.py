"""Names of people, as they type them: all come in with one secret, so a name is a word, not a
proof."""

from __future__ import annotations

import unicodedata


def is_same_person(one: str | None, other: str | None) -> bool:
    """Whether two names mean the same person, whatever their case, spaces and width of letters.
    Nobody is the same as nobody."""
    return bool(one and other) and _plain(one or "") == _plain(other or "")


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())

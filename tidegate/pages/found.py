"""Databases that patterns find, as the pages show them: how many, and the first of their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.backups.restores import RestorePlan
from tidegate.facts import FoundDatabases
from tidegate.pages.layout import facts, listed
from tidegate.pages.words import Words
from tidegate.secrecy.outside_text import code, markdown_text


def found_rows(found: Sequence[FoundDatabases], words: Words) -> list[tuple[str, str]]:
    """For a plan: what a backup would save now."""
    return [
        (
            _title(one, words),
            _counted(one, words, "found_now", "found_none")
            if one.is_saved
            else _counted(one, words, "found_elsewhere", "found_elsewhere_none"),
        )
        for one in found
    ]


def found_part(
    found: Sequence[FoundDatabases], planned: Sequence[FoundDatabases], words: Words
) -> str:
    """For a backup: what it saved, and how that differs from what was `planned`. Empty where there
    is no pattern."""
    before = {one.entry: one.names for one in planned}
    rows = [
        (
            _title(one, words),
            "; ".join(
                [
                    _counted(one, words, "found_saved", "found_saved_none"),
                    *_since(one, before.get(one.entry), words),
                ]
            ),
        )
        for one in found
    ]
    return facts(rows)


def restored_part(plan: RestorePlan, words: Words) -> str:
    """For a restore: databases that come back, and those that it leaves alone."""
    version = markdown_text(plan.version)
    parts = [
        words[word].format(names=listed(names), version=version)
        for word, names in (("restore_dropped", plan.dropped), ("restore_later", plan.later))
        if names
    ]
    return "\n\n".join(parts)


def _title(found: FoundDatabases, words: Words) -> str:
    return words["found_by"].format(entry=found.entry, pattern=code(found.pattern))


def _counted(found: FoundDatabases, words: Words, some: str, none: str) -> str:
    if not found.names:
        return words[none]
    return words[some].format(count=len(found.names), names=listed(found.names))


def _since(found: FoundDatabases, before: Sequence[str] | None, words: Words) -> Iterator[str]:
    """Nothing where nobody has planned it."""
    if before is None:
        return
    for word, names in (
        ("found_new", [name for name in found.names if name not in before]),
        ("found_gone", [name for name in before if name not in found.names]),
    ):
        if names:
            yield words[word].format(names=listed(names))

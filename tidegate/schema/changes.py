"""What each revision of a history means for the way back, told from its source or its SQL alone
(nothing is run).

A revision is judged by what its upgrade and its downgrade do to data, and by whether the old code
works between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import islice

from tidegate.facts import Fit, MigrationClass, Revision
from tidegate.plan.changes import gravest
from tidegate.schema.directions import (
    Direction,
    column_before,
    direction_of_sql,
    directions_of,
    had_default,
)
from tidegate.schema.migration_sql import Engine, SqlReader
from tidegate.schema.revision_reading import Allowance
from tidegate.schema.sql_alterations import ColumnChange
from tidegate.schema.sql_fits import empty_fit, rule_fit, type_fit
from tidegate.schema.sql_rules import Rule
from tidegate.secrecy.outside_text import one_line

MOST_REASONS = 20
MOST_CHARACTERS = 200
"""Of one reason."""
MOST_QUESTIONS = 50
"""To the data, of one revision: each may read a whole table."""

Judged = tuple[MigrationClass, str]
"""A class and the reason for it."""


@dataclass(frozen=True)
class RevisionSource:
    """One revision file: its text, or None where the image holds it only compiled."""

    id: str
    message: str
    text: str | None


@dataclass(frozen=True)
class SqlSource:
    """One migration as its tool prints it."""

    id: str
    message: str
    up: str | None
    """None where it prints no SQL; `why` says why."""
    down: str | None = None
    """None where there is no way down; with `down_why`, where nobody can say what it does."""
    why: str = ""
    down_why: str = ""


Source = RevisionSource | SqlSource


def classify(
    pending: Sequence[RevisionSource], engine: Engine, filled: Set[tuple[str, str]]
) -> tuple[Revision, ...]:
    """The classes of `pending`, revisions in the order of upgrade, for a server of `engine` whose
    columns `filled` have a default.

    One that needs a downgrade drags the others along: an additive one whose downgrade drops data is
    then lossy too.
    """
    reader, allowance = SqlReader(engine), Allowance()
    return _classes(
        pending,
        [directions_of(source.text, reader, allowance, filled) for source in pending],
        engine,
    )


def classify_sql(
    pending: Sequence[SqlSource], engine: Engine, filled: Set[tuple[str, str]]
) -> tuple[Revision, ...]:
    """The same of migrations that are known by their SQL. One without SQL is of an unknown
    class."""
    reader = SqlReader(engine)
    read = [
        None
        if source.up is None
        else (
            direction_of_sql(source.up, reader, filled),
            direction_of_sql(source.down, reader, frozenset(), source.down_why),
        )
        for source in pending
    ]
    return _classes(pending, read, engine)


def _classes(
    pending: Sequence[Source], read: Sequence[tuple[Direction, Direction] | None], engine: Engine
) -> tuple[Revision, ...]:
    revisions = [
        _classified(source, directions, engine)
        for source, directions in zip(pending, read, strict=True)
    ]
    if not goes_down(revisions):
        return tuple(revisions)
    return tuple(
        _dragged(revision, directions, engine)
        for revision, directions in zip(revisions, read, strict=True)
    )


def goes_down(revisions: Sequence[Revision]) -> bool:
    """Whether the way back runs the downgrades, be it after asking the data."""
    kind = gravest([revision.kind for revision in revisions])
    return kind == "needs downgrade" or (
        kind == "lossy" and all(one.fits for one in revisions if one.kind == "lossy")
    )


def fits_of(revisions: Sequence[Revision]) -> tuple[Fit, ...]:
    """What is asked of the data before the way back. Nothing where the answer makes no
    difference."""
    return tuple(fit for one in revisions for fit in one.fits) if goes_down(revisions) else ()


def _classified(
    source: Source, directions: tuple[Direction, Direction] | None, engine: Engine
) -> Revision:
    if directions is None and isinstance(source, SqlSource):
        return Revision(source.id, source.message, "unknown", _few([source.why]))
    if directions is None:
        return Revision(source.id, source.message, "irreversible", ("its source cannot be read",))
    up, down = directions
    judged = [one for one in _upwards(up, down) if one[0] != "additive"]
    kind = gravest([one for one, _ in judged]) if judged else "additive"
    if kind == "additive":
        return Revision(source.id, source.message, kind, ())
    back, why, fits = _downwards(up, down, engine)
    reasons = _few([*(reason for _, reason in judged), *why])
    is_asked = kind == "needs downgrade" and back == "lossy"
    return Revision(
        source.id, source.message, gravest([kind, back]), reasons, fits if is_asked else ()
    )


def _dragged(
    revision: Revision, directions: tuple[Direction, Direction] | None, engine: Engine
) -> Revision:
    if revision.kind != "additive" or directions is None or not directions[0].effects:
        return revision
    back, why, fits = _downwards(*directions, engine)
    reason = "another revision of this release needs a downgrade, which runs this one's too"
    return (
        revision
        if back == "additive"
        else replace(revision, kind=back, reasons=_few([reason, *why]), fits=fits)
    )


def _few(reasons: Iterable[str]) -> tuple[str, ...]:
    """As many as a person reads, each in one line: names in foreign SQL have any length."""
    found = list(dict.fromkeys(one_line(reason, MOST_CHARACTERS) for reason in reasons))
    return (
        *islice(found, MOST_REASONS),
        *([f"and {len(found) - MOST_REASONS} more"] if len(found) > MOST_REASONS else []),
    )


# --- up: does the old code work? ---


def _upwards(up: Direction, down: Direction) -> Iterator[Judged]:
    for effect in up.effects:
        yield (
            ("lossy" if effect.loses else "needs downgrade" if effect.breaks else "additive"),
            effect.what,
        )
        if effect.rule and not effect.rule.is_made:
            yield _freed(effect.what, down.makes(effect.rule) or effect.rule)
    for change in up.changes.values():
        yield from _changed(change, column_before(change, down, up))
        if change.type and change.has_default is False and had_default(change, down, up):
            yield "needs downgrade", f"drops the default of {change.table}.{change.column}"


def _freed(what: str, rule: Rule) -> Judged:
    """A rule is gone. Old code may count on no double, and on what a foreign key does by itself; on
    no other."""
    is_known = rule.is_made or rule.kind == "check"
    is_harmless = is_known and rule.kind in ("index", "check", "foreign key") and not rule.acts
    return ("additive" if is_harmless else "needs downgrade"), what


def _changed(change: ColumnChange, before: ColumnChange | None) -> Iterator[Judged]:
    name = f"{change.table}.{change.column}"
    if change.type:
        how = change.type.compared_with(before.type) if before and before.type else "other"
        if how == "narrower":
            yield "lossy", f"may cut values of {name} to {change.type.text}"
        if how == "other":
            yield "needs downgrade", f"changes the type of {name}"
    if change.nullable is False and (before is None or before.nullable is not False):
        yield "needs downgrade", f"{name} may no longer be empty"


# --- down: what of the data written in between is lost? ---


def _downwards(
    up: Direction, down: Direction, engine: Engine
) -> tuple[MigrationClass, list[str], tuple[Fit, ...]]:
    """What going down costs: `additive` where nothing is lost. With fits: lossy only where the data
    do not fit."""
    if down.untold:
        return "unknown", [f"its way down: {down.untold}"], ()
    if down.raises:
        return "irreversible", ["its downgrade raises"], ()
    if not down.effects:
        return "irreversible", ["it has no downgrade"], ()
    if gone := [
        change for change in up.changes.values() if _stays_without_default(change, up, down)
    ]:
        return (
            "irreversible",
            [f"its downgrade gives {one.table}.{one.column} no default again" for one in gone],
            (),
        )
    asked = list(_narrowed(up, down, engine))
    lost = [effect.what for effect in down.effects if effect.loses] + [
        one for one in asked if isinstance(one, str)
    ]
    fits = tuple(one for one in asked if isinstance(one, Fit))
    if len(fits) > MOST_QUESTIONS:
        lost.append(f"narrows {len(fits)} things, which is more than can be asked")
    if lost:
        return "lossy", [f"its downgrade {reason}" for reason in lost], ()
    reasons = [f"its downgrade demands of the data: {fit.what}" for fit in fits]
    return ("lossy" if fits else "additive"), reasons, fits


def _stays_without_default(change: ColumnChange, up: Direction, down: Direction) -> bool:
    back = down.changes.get(change.key_before)
    is_dropped = change.has_default is False and (
        change.type is None or had_default(change, down, up)
    )
    return is_dropped and not (back and back.has_default)


def _narrowed(up: Direction, down: Direction, engine: Engine) -> Iterator[Fit | str]:
    """What the data must satisfy, or what may be lost where they cannot be asked."""
    for change in down.changes.values():
        before = column_before(change, up, down)
        if change.type:
            yield from _narrower(change, before, engine)
        if change.nullable is False and (before is None or before.nullable is not False):
            yield empty_fit(change, engine)
    for effect in down.effects:
        if effect.rule and effect.rule.is_made and effect.rule.kind != "index" and effect.breaks:
            yield rule_fit(effect.rule, engine) or effect.what


def _narrower(
    change: ColumnChange, before: ColumnChange | None, engine: Engine
) -> Iterator[Fit | str]:
    assert change.type
    how = change.type.compared_with(before.type) if before and before.type else "other"
    if how in ("narrower", "other"):
        may_cut = (
            f"may cut values of {change.table}.{change.was or change.column} to {change.type.text}"
        )
        yield (type_fit(change, engine) if how == "narrower" else None) or may_cut

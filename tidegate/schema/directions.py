"""What the upgrade and the downgrade of a revision do, read from its source or its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from tidegate.schema.migration_sql import SqlReader
from tidegate.schema.revision_reader import read_revision
from tidegate.schema.revision_reading import Allowance, Reading
from tidegate.schema.sql_alterations import ColumnChange
from tidegate.schema.sql_effect import Effect
from tidegate.schema.sql_effects import effects
from tidegate.schema.sql_names import Made
from tidegate.schema.sql_rules import Rule

Changes = Mapping[tuple[str, str], ColumnChange]


@dataclass(frozen=True)
class Direction:
    """What an upgrade or a downgrade does."""

    effects: tuple[Effect, ...]
    types_before: Changes
    filled: Set[tuple[str, str]]
    """Columns that have a default before it."""
    raises: bool
    untold: str = ""
    """Why nobody can say what it does."""

    @property
    def changes(self) -> Changes:
        """What each column becomes, all in all."""
        return _merged(effect.change for effect in self.effects if effect.change)

    def makes(self, dropped: Rule) -> Rule | None:
        """The rule that it makes where the other direction drops it. PostgreSQL drops an index
        without its table."""
        made = (effect.rule for effect in self.effects if effect.rule and effect.rule.is_made)
        return next(
            (
                rule
                for rule in made
                if rule.name == dropped.name and dropped.table in ("", rule.table)
            ),
            None,
        )


def direction_of_sql(
    sql: str | None, reader: SqlReader, filled: Set[tuple[str, str]], untold: str = ""
) -> Direction:
    """Of a migration that is known by its SQL. `untold` says why nobody knows it."""
    return Direction(
        tuple(effects(sql or "", reader, Made())), {}, filled, raises=False, untold=untold
    )


def directions_of(
    source: str | None, reader: SqlReader, allowance: Allowance, filled: Set[tuple[str, str]]
) -> tuple[Direction, Direction] | None:
    """Of a revision file: its upgrade and its downgrade. None where the source cannot be read."""
    found = read_revision(source, reader.engine, allowance)
    return (
        (_direction(found[0], reader, filled), _direction(found[1], reader, frozenset()))
        if found
        else None
    )


def _direction(reading: Reading, reader: SqlReader, filled: Set[tuple[str, str]]) -> Direction:
    before = _merged(
        effect.change
        for sql in reading.types_before
        for effect in effects(sql, reader, Made())
        if effect.change
    )
    return Direction(tuple(_effects(reading, reader)), before, filled, reading.raises)


def _effects(reading: Reading, reader: SqlReader) -> Iterator[Effect]:
    """What is made where nobody knows whether it is made counts within that branch only."""
    always, branch, made = Made(), 0, Made()
    for step in reading.steps:
        if step.branch != branch:
            branch, made = step.branch, always.copy()
        found = (
            list(effects(step.sql, reader, made if step.branch else always))
            if step.sql
            else [Effect(step.unknown, loses=True)]
        )
        if step.branch and any(one.breaks or one.loses for one in found):
            always.forget()
        yield from found


def column_before(change: ColumnChange, other: Direction, own: Direction) -> ColumnChange | None:
    """What the column was: what the other direction makes of it, or what this one says it was."""
    return other.changes.get(change.key_before) or own.types_before.get(change.key_before)


def had_default(change: ColumnChange, other: Direction, own: Direction) -> bool:
    """MySQL's MODIFY drops a default by not saying it."""
    before = column_before(change, other, own)
    return change.key_before in own.filled or (before is not None and bool(before.has_default))


def _merged(changes: Iterable[ColumnChange]) -> Changes:
    found: dict[tuple[str, str], ColumnChange] = {}
    for change in changes:
        known = found.get(change.key)
        found[change.key] = (
            change
            if known is None
            else replace(
                known,
                type=change.type or known.type,
                was=known.was or change.was,
                nullable=known.nullable if change.nullable is None else change.nullable,
                has_default=known.has_default if change.has_default is None else change.has_default,
            )
        )
    return found

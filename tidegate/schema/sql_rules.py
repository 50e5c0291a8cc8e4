"""Constraints and indexes that ALTER TABLE makes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from tidegate.schema.migration_sql import Engine
from tidegate.schema.sql_names import column_name, table_name


@dataclass(frozen=True)
class Rule:
    """A constraint or an index that is made or dropped."""

    table: str
    name: str
    kind: str
    """`unique`, `check`, `foreign key`, `primary key`, `index`; empty where a drop does not say."""
    is_made: bool
    columns: tuple[str, ...] = ()
    check: str = ""
    """The condition, as SQL."""
    refers_to: tuple[str, tuple[str, ...]] = ("", ())
    """Of a foreign key: the other table, and its columns."""
    acts: bool = False
    """Whether a foreign key does something to rows by itself."""


def rule_of(one: exp.Expression, table: str, engine: Engine) -> Rule | None:
    """Of `ADD CONSTRAINT name ...`, or the same without a name; None where it is of another
    kind."""
    name, parts = (one.name, one.expressions) if isinstance(one, exp.Constraint) else ("", [one])
    if len(parts) != 1 or type(parts[0]) not in _RULES:
        return None
    kind, part = _RULES[type(parts[0])], parts[0]
    if isinstance(part, exp.UniqueColumnConstraint) and isinstance(part.this, exp.Schema):
        name = part.this.this.name if part.this.this is not None else name
    reference = part.args.get("reference")
    return Rule(
        table,
        name,
        kind,
        True,
        _columns(part, engine),
        _condition(part, engine),
        _reference(reference, engine),
        acts=bool(reference and reference.args.get("options")),
    )


_RULES: dict[type[exp.Expression], str] = {
    exp.UniqueColumnConstraint: "unique",
    exp.CheckColumnConstraint: "check",
    exp.ForeignKey: "foreign key",
    exp.PrimaryKey: "primary key",
    exp.IndexColumnConstraint: "index",
}


def _columns(part: exp.Expression, engine: Engine) -> tuple[str, ...]:
    if isinstance(part, exp.CheckColumnConstraint):
        return tuple(dict.fromkeys(column_name(one, engine) for one in part.find_all(exp.Column)))
    holder = part.this if isinstance(part, exp.UniqueColumnConstraint) else part
    if not isinstance(holder, exp.Expression):
        return ()
    names = [one.this if isinstance(one, exp.Ordered) else one for one in holder.expressions]
    return (
        tuple(column_name(one, engine) for one in names)
        if all(isinstance(one, exp.Column | exp.Identifier) for one in names)
        else ()
    )


def _reference(reference: exp.Expression | None, engine: Engine) -> tuple[str, tuple[str, ...]]:
    schema = reference.this if reference is not None else None
    if not isinstance(schema, exp.Schema):
        return "", ()
    return table_name(schema.this, engine), tuple(
        column_name(one, engine) for one in schema.expressions
    )


def _condition(part: exp.Expression, engine: Engine) -> str:
    if not isinstance(part, exp.CheckColumnConstraint):
        return ""
    try:
        return str(part.this.sql("mysql" if engine == "mysql" else "postgres"))
    except RecursionError:
        return ""

"""Questions to the data before a schema is narrowed: each counts the rows that would be cut or
refused."""

from __future__ import annotations

from tidegate.facts import Fit
from tidegate.schema.migration_sql import Engine
from tidegate.schema.sql_alterations import ColumnChange
from tidegate.schema.sql_rules import Rule
from tidegate.secrecy.outside_text import one_line

MOST_CHARACTERS = 160
"""Of what people read of a question."""


def type_fit(change: ColumnChange, engine: Engine) -> Fit | None:
    """Whether every value fits into the narrower type. None where that cannot be asked."""
    column = change.was or change.column
    asked = change.type.misfit(_quoted(column, engine), engine) if change.type else None
    if asked is None:
        return None
    text, misfit = asked
    return _fit(
        f"{change.table}.{column} holds values {text}", _count(change.table, misfit, engine)
    )


def empty_fit(change: ColumnChange, engine: Engine) -> Fit:
    column = change.was or change.column
    return _fit(
        f"{change.table}.{column} is never empty",
        _count(change.table, f"{_quoted(column, engine)} IS NULL", engine),
    )


def rule_fit(rule: Rule, engine: Engine) -> Fit | None:
    """Whether a constraint holds again. None where that cannot be asked."""
    columns = [_quoted(column, engine) for column in rule.columns]
    if rule.kind == "check" and rule.check:
        return _fit(
            f"{rule.table} satisfies {rule.check}",
            _count(rule.table, f"NOT ({rule.check})", engine),
        )
    if rule.kind == "foreign key":
        return _reference_fit(rule, columns, engine)
    if rule.kind not in ("unique", "primary key") or not columns or not rule.table:
        return None
    given = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    doubles = (
        f"SELECT 1 FROM {_table(rule.table, engine)} WHERE {given} GROUP BY {', '.join(columns)} "
        "HAVING COUNT(*) > 1"
    )
    return _fit(
        f"no two rows of {rule.table} have the same {', '.join(rule.columns)}",
        f"SELECT COUNT(*) FROM ({doubles}) AS doubles",
    )


def _reference_fit(rule: Rule, columns: list[str], engine: Engine) -> Fit | None:
    table, keys = rule.refers_to
    if not columns or len(keys) != len(columns):
        return None
    mine = [f"{_table(rule.table, engine)}.{column}" for column in columns]
    same = " AND ".join(
        f"referred.{_quoted(key, engine)} = {column}"
        for key, column in zip(keys, mine, strict=True)
    )
    given = " AND ".join(f"{column} IS NOT NULL" for column in mine)
    return _fit(
        f"each {', '.join(rule.columns)} of {rule.table} is in {table}",
        _count(
            rule.table,
            f"{given} AND NOT EXISTS (SELECT 1 FROM {_table(table, engine)} AS referred "
            f"WHERE {same})",
            engine,
        ),
    )


def _fit(what: str, misfits: str) -> Fit:
    return Fit(one_line(what, MOST_CHARACTERS), misfits)


def _count(table: str, misfit: str, engine: Engine) -> str:
    return f"SELECT COUNT(*) FROM {_table(table, engine)} WHERE {misfit}"


def _table(name: str, engine: Engine) -> str:
    return ".".join(_quoted(part, engine) for part in name.split("."))


def _quoted(name: str, engine: Engine) -> str:
    mark = "`" if engine == "mysql" else '"'
    return mark + name.replace(mark, mark * 2) + mark

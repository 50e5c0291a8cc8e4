"""What a statement does to rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from tidegate.schema.migration_sql import Engine
from tidegate.schema.sql_effect import Effect
from tidegate.schema.sql_names import Made, column_name, table_name


def insert(tree: exp.Expression, engine: Engine, made: Made) -> Effect | None:
    conflict = tree.args.get("conflict")
    overwrites = tree.args.get("overwrite") or (conflict is not None and bool(conflict.expressions))
    [table] = [table_name(one, engine) for one in _targets(tree.this)]
    if table in made.tables:
        return Effect(f"inserts into the new table {table}")
    if overwrites:
        return Effect(f"overwrites rows of {table}", loses=True)
    return Effect(f"inserts into {table}", breaks=True)


def update(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    tables = [table_name(one, engine) for one in _targets(tree.this)]
    columns = [column_name(one.this, engine) for one in tree.expressions if isinstance(one, exp.EQ)]
    fills = (
        len(tables) == 1
        and len(columns) == len(tree.expressions)
        and all((tables[0], column) in made.columns for column in columns)
    )
    if tables and all(table in made.tables for table in tables):
        return Effect(f"updates the new table {', '.join(tables)}")
    what = f"updates {', '.join(tables)}"
    return (
        Effect(f"fills the new columns of {tables[0]}")
        if fills and columns
        else Effect(what, loses=True)
    )


def delete(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    tables = [
        table_name(one, engine)
        for target in (tree.this, *(tree.args.get("tables") or ()))
        for one in _targets(target)
    ]
    return Effect(
        f"deletes from {', '.join(tables)}",
        loses=not tables or any(name not in made.tables for name in tables),
    )


def truncate(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    tables = [table_name(one, engine) for one in tree.expressions if isinstance(one, exp.Table)]
    old = [name for name in tables if name not in made.tables]
    return Effect(
        f"truncates {', '.join(tables)}", loses=bool(old or not tables or tree.args.get("option"))
    )


def merge(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    return Effect(
        f"merges into {tree.this.name}", loses=table_name(tree.this, engine) not in made.tables
    )


def _targets(tree: object) -> Sequence[exp.Table]:
    """The tables in `tree`, with those that are joined to it."""
    return list(tree.find_all(exp.Table)) if isinstance(tree, exp.Expression) else []

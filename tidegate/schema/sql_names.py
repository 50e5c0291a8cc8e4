"""Names of tables and columns, as the server tells them apart, and which of them a revision has
made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tidegate.schema.migration_sql import Engine


@dataclass
class Made:
    """What this direction of a revision has made so far: no older code knows it, no older row is in
    it."""

    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    nullable: set[tuple[str, str]] = field(default_factory=set)
    """Those of the columns that stay empty where nobody writes them."""

    def copy(self) -> Made:
        return Made(set(self.tables), set(self.columns), set(self.nullable))

    def forget(self) -> None:
        """Names mean other things from here on."""
        self.tables.clear()
        self.columns.clear()
        self.nullable.clear()

    def holds(self, table: str, columns: Iterable[str]) -> bool:
        """Whether a rule over `columns` binds nothing but what this revision has made."""
        found = [(table, column) for column in columns]
        return table in self.tables or (bool(found) and all(one in self.nullable for one in found))


def table_name(table: exp.Expression, engine: Engine) -> str:
    """With its schema where that is written. PostgreSQL folds what is not quoted, MySQL nothing."""
    return ".".join(
        _folded(part, engine == "postgresql" and not part.args.get("quoted"))
        for part in _parts(table)
    )


def column_name(column: exp.Expression, engine: Engine) -> str:
    """Without its table. MySQL never tells `A` from `a`."""
    part = column.this if isinstance(column, exp.Column) else column
    return _folded(part, engine == "mysql" or not part.args.get("quoted"))


def _parts(table: exp.Expression) -> list[Any]:
    return list(table.parts) if isinstance(table, exp.Table | exp.Column) else [table]


def _folded(part: exp.Expression, is_folded: bool) -> str:
    return part.name.lower() if is_folded else part.name

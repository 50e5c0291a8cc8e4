"""What Alembic would say to a database: its operations, printed by Alembic itself for one kind of
server."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.dialects.postgresql.named_types import CreateEnumType, DropEnumType
from sqlalchemy.schema import CreateTable, DropTable

from tidegate.schema.migration_sql import Engine
from tidegate.schema.revision_values import Batch, Op, names

OPERATIONS = names("""
    add_column alter_column bulk_insert create_check_constraint create_exclude_constraint
    create_foreign_key create_index create_primary_key create_table create_table_comment
    create_unique_constraint drop_column drop_constraint drop_index drop_table drop_table_comment
    rename_table
""")
"""Those that say something to a database; `execute` is another matter."""


_DIALECTS: dict[Engine, type[Any]] = {"mysql": mysql.dialect, "postgresql": postgresql.dialect}


class SomeType(sa.types.UserDefinedType[Any]):
    """Stands in for a type of the application's own, of which only the name is known."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        # a word that both dialects take for a type, and that is compared with no other
        return "GEOMETRY"


class Printer:
    """One kind of server. What cannot be printed raises whatever Alembic or SQLAlchemy raise."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self._said = engine, io.StringIO()
        context = MigrationContext.configure(
            dialect_name=engine,
            opts={"as_sql": True, "output_buffer": self._said, "literal_binds": True},
        )
        self._operations = Operations(context)
        self._dialect = _DIALECTS[engine](paramstyle="named")  # values stay out of it

    def operation(
        self, owner: Op | Batch, name: str, arguments: Sequence[Any], words: Mapping[str, Any]
    ) -> tuple[str, Any]:
        """The SQL of `op.name(...)`, or of the same in a batch, and what it gives back."""
        if name == "bulk_insert":  # which rows makes no difference
            return self.statement(arguments[0].insert()), None
        return self._printed(lambda: self._run(owner, name, arguments, words))

    def _run(
        self, owner: Op | Batch, name: str, arguments: Sequence[Any], words: Mapping[str, Any]
    ) -> Any:
        if isinstance(owner, Op):
            return getattr(self._operations, name)(*arguments, **words)
        with self._operations.batch_alter_table(owner.table, schema=owner.schema) as batch:
            return getattr(batch, name)(*arguments, **words)

    def statement(self, statement: Any) -> str:
        """A text is taken as it is, values and all; a SQLAlchemy expression is printed."""
        if isinstance(statement, str):
            return statement
        if isinstance(statement, sa.TextClause):
            return statement.text
        return str(
            statement.compile(dialect=self._dialect, compile_kwargs={"render_postcompile": True})
        )

    def made(self, thing: Any, drop: bool) -> str:
        """`Table.create(bind)`, `ENUM.create(bind)` and their drops."""
        if isinstance(thing, sa.Table):
            return self.statement(DropTable(thing) if drop else CreateTable(thing))
        if self.engine == "mysql":
            return ""  # an ENUM of MySQL is no thing of its own
        named = thing if isinstance(thing, ENUM) else ENUM(*thing.enums, name=thing.name)
        return self.statement(DropEnumType(named) if drop else CreateEnumType(named))

    def _printed(self, run: Callable[[], Any]) -> tuple[str, Any]:
        self._said.seek(0)
        self._said.truncate()
        result = run()
        return self._said.getvalue(), result

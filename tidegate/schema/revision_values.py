"""Values that an expression in a revision file may have, as far as they are known without running
the file."""

from __future__ import annotations

import ast
import importlib
import operator
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.schema import SchemaItem
from sqlalchemy.types import TypeEngine

MOST_CHARACTERS = 100_000
"""Of a text that a revision puts together."""


@dataclass(frozen=True)
class Unknown:
    """Nobody knows before it runs. With `call`: made by a call that may do anything to the
    database."""

    call: str = ""


@dataclass(frozen=True)
class Op:
    """Alembic's `op`."""


@dataclass(frozen=True)
class Context:
    """Alembic's `context`, and what `op.get_context()` gives."""


@dataclass(frozen=True)
class Bind:
    """A connection, or a session on one."""


@dataclass(frozen=True)
class Batch:
    """Of `op.batch_alter_table`."""

    table: str
    schema: str | None


@dataclass(frozen=True)
class Dialect:
    """Of the connection."""


class ServerName(str):
    """The dialect's name. A MariaDB may be called `mysql` or `mariadb`: that is the address's
    choice."""


@dataclass(frozen=True)
class Library:
    """A module, or a class of one, whose calls do nothing to a database."""

    module: ModuleType | None


@dataclass(frozen=True)
class Method:
    """`owner.name`, before it is called."""

    owner: Any
    name: str


@dataclass(frozen=True)
class Function:
    """Of the revision file itself."""

    node: ast.FunctionDef


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


HARMLESS_MODULES = names("""
    __future__ base64 collections copy datetime decimal enum functools hashlib itertools json
    logging math operator os.path random re secrets string textwrap time typing uuid warnings
""")
HARMLESS_BUILTINS = names("""
    any all bool bytes dict enumerate float frozenset int isinstance len list max min print range
    repr reversed round set sorted str sum tuple zip hasattr
""")
BUILDERS = names("""
    alias and_ asc bindparams bindparam between c case cast collate columns concat correlate cte
    delete desc distinct exists execution_options extract false from_select func group_by having
    ilike in_ insert is_ is_not is_not_distinct_from isnot join label like limit literal
    literal_column not_ not_in notin_ null nulls_first nulls_last offset on_conflict_do_nothing
    on_conflict_do_update on_duplicate_key_update op or_ order_by outerjoin over params returning
    scalar_subquery select select_from startswith subquery table column text true tuple_ type_coerce
    union union_all update values where with_only_columns with_variant
""")
"""Functions and methods of SQLAlchemy that build an expression."""
_LIBRARIES = names("""
    sqlalchemy sqlalchemy.sql sqlalchemy.sql.expression sqlalchemy.sql.sqltypes sqlalchemy.types
    sqlalchemy.schema sqlalchemy.orm sqlalchemy.dialects sqlalchemy.dialects.mysql
    sqlalchemy.dialects.postgresql
""")
OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def imported(module: str, name: str = "") -> Any:
    """What `import module` or `from module import name` gives."""
    if (module, name) == ("alembic", "op") or module == "alembic.op":
        return Op() if name in ("op", "") else Unknown(f"{module}.{name}")
    if (module, name) == ("alembic", "context"):
        return Context()
    if module in _LIBRARIES:
        return (
            attribute(Library(importlib.import_module(module)), name)
            if name
            else Library(importlib.import_module(module))
        )
    if module in HARMLESS_MODULES or module.partition(".")[0] in HARMLESS_MODULES:
        return Library(None)
    return Unknown(f"{module}.{name}".strip("."))


def attribute(owner: Any, name: str) -> Any:
    """`owner.name`. What is not known to be harmless is `Unknown` with its call."""
    if isinstance(owner, Unknown):
        return Unknown(f"{owner.call}.{name}" if owner.call else "")
    if name.startswith("_"):
        return Unknown(name)
    if isinstance(owner, Library):
        return _of_library(owner, name)
    if isinstance(owner, Bind | Context) and name in ("dialect", "bind", "engine", "connection"):
        return Dialect() if name == "dialect" else Bind()
    if isinstance(owner, Context) and name == "as_sql":
        return False
    if isinstance(owner, sa.sql.expression.ColumnCollection):
        return owner[name] if name in owner else sa.column(name)
    if name in ("c", "columns") and isinstance(owner, sa.TableClause):
        return owner.c
    return Method(owner, name)


def _of_library(owner: Library, name: str) -> Any:
    if owner.module is None:
        return Unknown()
    found = getattr(owner.module, name, None)
    if isinstance(found, ModuleType):
        return (
            Library(found)
            if found.__name__ in _LIBRARIES
            else Unknown(f"{owner.module.__name__}.{name}")
        )
    if name == "inspect":
        return Method(Library(None), name)  # reads only
    if isinstance(found, type) and issubclass(found, TypeEngine | SchemaItem | sa.MetaData):
        return found
    return Method(owner, name)


def applied(operation: ast.AST, left: Any, right: Any) -> Any:
    """`left operation right` where both are plain, or build an expression of SQLAlchemy; else
    `Unknown`."""
    apply = OPERATORS.get(type(operation))
    if apply is None:
        return Unknown()
    if isinstance(left, ServerName):
        return _is_server(apply, left, right)
    if isinstance(left, sa.ColumnElement) or isinstance(right, sa.ColumnElement):
        return apply(*(sa.null() if isinstance(side, Unknown) else side for side in (left, right)))
    if not (is_plain(left) and is_plain(right)) or isinstance(operation, ast.Mult):
        return Unknown()
    if isinstance(operation, ast.Add) and isinstance(left, str | tuple | list):
        is_short = type(left) is type(right) and len(left) + len(right) <= MOST_CHARACTERS
        return left + right if is_short else Unknown()
    try:
        return apply(left, right)
    except TypeError:
        return Unknown()


def _is_server(apply: Callable[[Any, Any], Any], name: ServerName, wanted: Any) -> Any:
    """Known where `mysql` and `mariadb` make no difference."""
    names = ("mysql", "mariadb") if name == "mysql" else (str(name),)
    answers = (
        {apply(one, wanted) for one in names} if isinstance(wanted, str | tuple | list) else set()
    )
    return answers.pop() if len(answers) == 1 else Unknown()


def is_plain(value: Any) -> bool:
    """Whether it is what Python would have, so that a condition on it is decided."""
    return value is None or isinstance(value, str | int | float | bool | tuple | list | dict)

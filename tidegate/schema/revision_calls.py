"""What a call in a revision file says to a database, and what it gives back."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import TypeEngine

from tidegate.schema import revision_values as values
from tidegate.schema.migration_sql import Engine
from tidegate.schema.revision_printer import OPERATIONS, Printer, SomeType
from tidegate.schema.revision_reading import Allowance, Record
from tidegate.schema.revision_values import (
    Batch,
    Bind,
    Context,
    Function,
    Library,
    Method,
    Op,
    Unknown,
)
from tidegate.secrecy.outside_text import one_line

EXECUTES = ("execute", "exec_driver_sql", "scalar", "scalars")
_GIVE_A_BIND = frozenset(
    ["begin", "begin_nested", "connect", "connection", "execution_options", "get_bind"]
)
_OF_A_BIND = frozenset(
    ["close", "commit", "expire_all", "flush", "in_transaction", "invalidate", "rollback"]
)
_STEPS_TO_PRINT = 20
_TYPES = ("type_", "existing_type")

Arguments = tuple[list[Any], dict[str, Any]]


def calls(name: str) -> str:
    return f"calls {one_line(name, 80)}, which is not looked into"


def written(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return "(something long)"


class Calls(Record, ABC):
    """The part of the reader that knows Alembic and SQLAlchemy."""

    def __init__(self, engine: Engine, allowance: Allowance) -> None:
        super().__init__(allowance)
        self.engine, self._printer, self.seen = engine, Printer(engine), set[ast.AST]()

    @abstractmethod
    def value(self, node: ast.expr) -> Any: ...

    @abstractmethod
    def call_function(
        self, function: Function, arguments: Sequence[Any], words: dict[str, Any]
    ) -> Any: ...

    def known(self, node: ast.expr) -> Any:
        """The value, after saying so where a call may have done anything."""
        value = self.value(node)
        if isinstance(value, Unknown) and value.call and isinstance(node, ast.Call):
            self.say_unknown(calls(value.call))
        return Unknown() if isinstance(value, Unknown) and isinstance(node, ast.Call) else value

    # --- who is called ---

    def call(self, node: ast.Call) -> Any:
        self.seen.add(node)
        called = self.value(node.func)
        if isinstance(called, Function):
            return self.call_function(called, *self._arguments(node))
        if isinstance(called, type):
            return self._built(node, called)
        if isinstance(called, Method):
            return self._method(node, called)
        if isinstance(called, Unknown) and getattr(node.func, "attr", "") in EXECUTES and node.args:
            return self._executed(node)
        # of something that was read or computed
        is_read = isinstance(called, Unknown) and not called.call
        if is_read or (isinstance(called, Library) and called.module is None):
            return self._plain(node)
        return Unknown(written(node.func))

    def _method(self, node: ast.Call, called: Method) -> Any:
        owner, name = called.owner, called.name
        if isinstance(owner, Op | Batch):
            return self._of_op(node, owner, name)
        if isinstance(owner, Bind):
            return self._of_bind(node, name)
        if isinstance(owner, TypeEngine | sa.Table) and name in ("create", "drop"):
            return self._created(node, owner, name)
        if isinstance(owner, Context):
            return self._of_context(node, name)
        if isinstance(owner, Library):
            return self._of_library(node, owner, name)
        if isinstance(owner, Method) and owner.name == "func" and isinstance(owner.owner, Library):
            return self._built(node, getattr(sa.func, name))
        if isinstance(owner, sa.ClauseElement | TypeEngine) and name in values.BUILDERS:
            return self._built(node, getattr(owner, name, None))
        if isinstance(owner, dict | list | tuple):
            return self._of_collection(node, owner, name)
        return self._plain(node) if isinstance(owner, str) else Unknown(written(node.func))

    def _plain(self, node: ast.Call) -> Unknown:
        """A call that can do nothing, unless it is given something that can."""
        arguments, words = self._arguments(node)
        may_act = any(
            isinstance(value, Function | Method | Op | Bind | Batch)
            for value in (*arguments, *words.values())
        )
        return Unknown(written(node.func)) if may_act else Unknown()

    def _of_collection(self, node: ast.Call, owner: Any, name: str) -> Any:
        arguments, _ = self._arguments(node)
        if isinstance(owner, dict) and name in ("items", "keys", "values") and not arguments:
            return list(getattr(owner, name)())
        if (
            name == "get"
            and isinstance(owner, dict)
            and arguments
            and isinstance(arguments[0], str | int)
        ):
            return owner.get(*arguments[:2])
        return Unknown(written(node.func))

    def _of_context(self, node: ast.Call, name: str) -> Any:
        if name in EXECUTES:
            return self._executed(node)
        self._arguments(node)
        known: dict[str, Any] = {
            "is_offline_mode": False,
            "get_context": Context(),
            "get_bind": Bind(),
            "autocommit_block": Unknown(),
            "begin_transaction": Unknown(),
            "get_x_argument": Unknown(),
        }
        return known.get(name, Unknown(written(node.func)))

    def _of_library(self, node: ast.Call, owner: Library, name: str) -> Any:
        if owner.module is None:
            return self._builtin(node, name)
        if name in ("Session", "sessionmaker"):
            self._arguments(node)
            return Bind() if name == "Session" else Method(owner, "Session")
        return (
            self._built(node, getattr(owner.module, name, None))
            if name in values.BUILDERS
            else Unknown(written(node.func))
        )

    def _builtin(self, node: ast.Call, name: str) -> Any:
        arguments, words = self._arguments(node)
        if any(
            isinstance(value, Function | Method | Op) for value in (*arguments, *words.values())
        ):
            return Unknown(written(node.func))
        if name == "dict" and not arguments and "" not in words:
            return words
        is_list = name in ("list", "tuple") and arguments and isinstance(arguments[0], tuple | list)
        return list(arguments[0]) if is_list else Unknown()

    def _of_bind(self, node: ast.Call, name: str) -> Any:
        if name in EXECUTES:
            return self._executed(node)
        self._arguments(node)
        if name in _GIVE_A_BIND:
            return Bind()
        return Unknown() if name in _OF_A_BIND else Unknown(written(node.func))

    def _of_op(self, node: ast.Call, owner: Op | Batch, name: str) -> Any:
        if name in EXECUTES:
            return self._executed(node)
        if name in ("get_bind", "get_context"):
            return Bind() if name == "get_bind" else Context()
        if name in ("f", "inline_literal"):
            found = next(iter(self._arguments(node)[0]), Unknown())
            return conv(found) if name == "f" and isinstance(found, str) else found
        if name == "batch_alter_table":
            return self._batch(node)
        return self._said(node, owner, name) if name in OPERATIONS else Unknown(written(node.func))

    # --- what it does ---

    def _batch(self, node: ast.Call) -> Any:
        arguments, words = self._arguments(node)
        table, schema = next(iter(arguments), words.get("table_name")), words.get("schema")
        is_plain = (
            isinstance(table, str)
            and isinstance(schema, str | None)
            and words.get("recreate", "auto") != "always"
        )
        return Batch(str(table), schema) if is_plain else Unknown(written(node.func))

    def _said(self, node: ast.Call, owner: Op | Batch, name: str) -> Any:
        arguments, words = self._arguments(node)
        needed = arguments[:1] if name == "bulk_insert" else [*arguments, *words.values()]
        if any(isinstance(value, Unknown) for value in needed) or "" in words:
            self.say_unknown(f"{name} has arguments that are made while it runs")
            return None
        self.count(_STEPS_TO_PRINT)
        try:
            self._note_type_before(owner, name, arguments, words)
            sql, made = self._printer.operation(owner, name, arguments, words)
        except RecursionError:
            raise
        except Exception as error:  # whatever Alembic and SQLAlchemy raise
            self.say_unknown(
                f"{name} cannot be told without a database: {one_line(str(error), 80)}"
            )
            return None
        self.say(sql)
        return made

    def _note_type_before(
        self, owner: Op | Batch, name: str, arguments: list[Any], words: dict[str, Any]
    ) -> None:
        if name == "alter_column" and "type_" in words and words.get("existing_type") is not None:
            before = {
                word: words[word] for word in words if word in ("existing_nullable", "schema")
            }
            before["type_"] = words["existing_type"]
            self.reading.types_before.append(
                self._printer.operation(owner, name, arguments, before)[0]
            )

    def _executed(self, node: ast.Call) -> Unknown:
        """`execute(statement, ...)`: the values that go with it make no difference."""
        [statement] = self._arguments(node)[0][:1] or [None]
        if not isinstance(statement, str | sa.ClauseElement):
            self.say_unknown("runs SQL that is made while it runs")
            return Unknown()
        try:
            self.say(self._printer.statement(statement))
        except RecursionError:
            raise
        except Exception as error:  # whatever SQLAlchemy raises
            self.say_unknown(
                f"runs SQL that cannot be told without a database: {one_line(str(error), 80)}"
            )
        return Unknown()

    def _created(self, node: ast.Call, owner: Any, name: str) -> None:
        self._arguments(node)
        try:
            self.say(self._printer.made(owner, drop=name == "drop"))
        except Exception:  # whatever SQLAlchemy raises
            self.say_unknown(calls(written(node.func)))

    def _built(self, node: ast.Call, build: Callable[..., Any] | None) -> Any:
        """A thing of SQLAlchemy. What is not known in it stands as NULL, a type of the application
        as one like no other."""
        arguments, words = self._arguments(node)
        found = [sa.null() if isinstance(value, Unknown) else value for value in arguments]
        named = {
            word: sa.null() if isinstance(value, Unknown) else value
            for word, value in words.items()
            if word
        }
        try:
            return build(*found, **named) if build is not None else Unknown(written(node.func))
        except RecursionError:
            raise
        except Exception:  # whatever SQLAlchemy raises
            return Unknown(written(node.func))

    def _arguments(self, node: ast.Call) -> Arguments:
        """In order, and by name; `""` is the name of what comes as `**words`."""
        is_column = getattr(node.func, "attr", getattr(node.func, "id", "")) == "Column"
        found: list[Any] = []
        for place, part in enumerate(node.args):
            if isinstance(part, ast.Starred):
                value = self.known(part.value)
                found += value if isinstance(value, tuple | list) else [Unknown()]
            else:
                found.append(self._type(part) if is_column and place < 2 else self.known(part))
        return found, {
            word.arg or "": self._type(word.value) if word.arg in _TYPES else self.known(word.value)
            for word in node.keywords
        }

    def _type(self, node: ast.expr) -> Any:
        """A call in this place can only make a type, be it one of the application's own."""
        value = self.value(node)
        return SomeType() if isinstance(value, Unknown) else value

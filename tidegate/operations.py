"""The Alembic operations in a revision file, read from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_EXECUTES = ("execute", "exec_driver_sql", "scalar", "scalars")
_TABLE_SECOND = ("create_index", "create_unique_constraint", "create_check_constraint", "create_foreign_key",
                 "create_primary_key", "create_exclude_constraint", "drop_constraint", "drop_index")
_HARMLESS_CALLS = frozenset({"len", "str", "int", "dict", "list", "tuple", "set", "range", "zip", "sorted", "enumerate",
                             "print", "isinstance", "text", "format", "join", "strip", "items", "keys", "values"})
_HARMLESS_ROOTS = frozenset({"datetime", "date", "uuid", "json", "decimal", "Decimal", "context"})
_TABLE_METHODS = frozenset({"insert", "update", "delete", "select", "values", "where", "c"})


@dataclass(frozen=True)
class Operation:
    """One call in an upgrade or downgrade: an Alembic operation, `execute`, or `unknown`."""

    name: str
    table: str
    column: str
    sql: str | None
    """For `execute`: the statement, or None where it is not written out."""
    call: ast.Call

    @property
    def text(self) -> str:
        return ast.unparse(self.call.func)

    def has(self, keyword: str) -> bool:
        return any(word.arg == keyword for call in self._calls() for word in call.keywords)

    def keyword(self, name: str) -> object:
        """The value of a keyword that is written out, or None."""
        found = (word.value for call in self._calls() for word in call.keywords if word.arg == name)
        return next((value.value for value in found if isinstance(value, ast.Constant)), None)

    def _calls(self) -> Iterator[ast.Call]:
        yield self.call
        for argument in self.call.args:
            if isinstance(argument, ast.Call):
                yield argument


def operations(module: ast.Module, function: str) -> Iterator[Operation]:
    """The operations of `function` and of the module's own helpers that it calls, in the order they are written."""
    reader = _Reader(module)
    yield from reader.read(function)


def has_function(module: ast.Module, function: str) -> bool:
    return function in _functions(module)


def is_empty(module: ast.Module, function: str) -> bool:
    """Not there, or nothing but `pass` and a docstring."""
    body = _functions(module).get(function)
    return body is None or all(isinstance(part, ast.Pass | ast.Expr) and not any(
        isinstance(node, ast.Call) for node in ast.walk(part)) for part in body.body)


def raises(module: ast.Module, function: str) -> bool:
    body = _functions(module).get(function)
    return body is not None and any(isinstance(node, ast.Raise) for node in ast.walk(body))


class _Reader:
    def __init__(self, module: ast.Module) -> None:
        self._functions = _functions(module)
        self._libraries = frozenset(_libraries(module))
        self._seen: set[str] = set()

    def read(self, function: str) -> Iterator[Operation]:
        body = self._functions.get(function)
        if body is None or function in self._seen:
            return
        self._seen.add(function)
        batches = dict(_batches(body)) | dict(_tables(body, self._libraries))
        calls = [node for node in ast.walk(body) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            yield from self._operation(call, batches)

    def _operation(self, call: ast.Call, batches: dict[str, str]) -> Iterator[Operation]:
        name, root = _names(call.func)
        if root == "op" or (root in batches and name not in _TABLE_METHODS):
            yield _alembic(call, name, batches)
        elif name in _EXECUTES and isinstance(call.func, ast.Attribute):
            yield _alembic(call, "execute", batches)
        elif name in self._functions and name == root:
            yield from self.read(name)
        elif root not in self._libraries | batches.keys() | _HARMLESS_ROOTS and name not in _HARMLESS_CALLS:
            yield Operation("unknown", "", "", None, call)


def _alembic(call: ast.Call, name: str, known: dict[str, str]) -> Operation:
    """`known` gives the tables behind the names of batches and of table objects."""
    if name in _EXECUTES:
        return Operation("execute", "", "", _sql(call), call)
    if batch := known.get(_names(call.func)[1]):
        return Operation(name, batch, _text(call, 0), None, call)
    if call.args and isinstance(call.args[0], ast.Name) and call.args[0].id in known:
        return Operation(name, known[call.args[0].id], "", None, call)
    if name in _TABLE_SECOND:
        table = _keyword_text(call, "table_name") or _keyword_text(call, "source_table") or _text(call, 1)
        return Operation(name, table, "", None, call)
    return Operation(name, _keyword_text(call, "table_name") or _text(call, 0), _text(call, 1), None, call)


def _text(call: ast.Call, place: int) -> str:
    """The text at `place`; for a `Column("x", ...)` or `table("t", ...)` there, the name inside."""
    if place >= len(call.args):
        return "?"
    argument = call.args[place]
    if isinstance(argument, ast.Call):
        return _text(argument, 0)
    return argument.value.lower() if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else "?"


def _keyword_text(call: ast.Call, name: str) -> str:
    for word in call.keywords:
        if word.arg == name and isinstance(word.value, ast.Constant):
            return str(word.value.value).lower()
    return ""


def _sql(call: ast.Call) -> str | None:
    argument = call.args[0] if call.args else None
    while isinstance(argument, ast.Call) and argument.args and _names(argument.func)[0] in ("text", "DDL"):
        argument = argument.args[0]
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def _names(function: ast.expr) -> tuple[str, str]:
    """Last and first name of `a.b().c`: `c` and `a`."""
    last = str(getattr(function, "attr", getattr(function, "id", "")))
    while isinstance(function, ast.Attribute | ast.Call):
        function = function.value if isinstance(function, ast.Attribute) else function.func
    return last, function.id if isinstance(function, ast.Name) else ""


def _functions(module: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}


def _libraries(module: ast.Module) -> Iterator[str]:
    """Names that stand for SQLAlchemy: they build types and expressions and do nothing by themselves."""
    for node in module.body:
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names
                        if alias.name.startswith("sqlalchemy"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            yield from (alias.asname or alias.name for alias in node.names)


def _batches(body: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """`with op.batch_alter_table("bills") as batch`: the name and its table."""
    for node in ast.walk(body):
        for item in node.items if isinstance(node, ast.With) else ():
            if isinstance(item.context_expr, ast.Call) and isinstance(item.optional_vars, ast.Name):
                yield item.optional_vars.id, _text(item.context_expr, 0)


def _tables(body: ast.FunctionDef, libraries: frozenset[str]) -> Iterator[tuple[str, str]]:
    """`bills = op.create_table("bills", ...)` or `sa.table("bills", ...)`: the name and its table."""
    for node in ast.walk(body):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            name, root = _names(node.value.func)
            if name in ("create_table", "table", "Table") and root in libraries | {"op"}:
                yield node.targets[0].id, _text(node.value, 0)

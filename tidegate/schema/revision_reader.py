"""Reads a revision file without running it: what its upgrade, or its downgrade, would have Alembic
say to a database.

All branches are taken, unless the kind of server or a written-out value decides. What cannot be
followed is said so.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from tidegate.schema import revision_values as values
from tidegate.schema.migration_sql import Engine
from tidegate.schema.revision_calls import EXECUTES, calls, written
from tidegate.schema.revision_expressions import Expressions, table
from tidegate.schema.revision_reading import Allowance, Reading, TooLongError
from tidegate.schema.revision_values import Function, Op, Unknown

MOST_SOURCE = 300_000
"""Characters of a revision file."""
_MOST_CALLS = 8
"""Helpers that call helpers."""


def read_revision(
    text: str | None, engine: Engine, allowance: Allowance
) -> tuple[Reading, Reading] | None:
    """What upgrade and downgrade do. None where the source cannot be read, or is too long to be."""
    allowance.characters -= len(text or "")
    module = _parsed(text) if allowance.characters >= 0 else None
    if module is None or not any(
        isinstance(node, ast.FunctionDef) and node.name == "upgrade" for node in module.body
    ):
        return None
    return _Reader(module, engine, allowance).read("upgrade"), _Reader(
        module, engine, allowance
    ).read("downgrade")


def _parsed(text: str | None) -> ast.Module | None:
    if text is None or len(text) > MOST_SOURCE:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader(Expressions):
    """Follows one function of a module, and the module's own functions that it calls."""

    def __init__(self, module: ast.Module, engine: Engine, allowance: Allowance) -> None:
        super().__init__(engine, allowance)
        self.names |= {
            node.name: Function(node) for node in module.body if isinstance(node, ast.FunctionDef)
        }
        self._module = module
        self._followed: list[ast.FunctionDef] = []
        self._passed_by: set[ast.AST] = set()
        self._depth = 0

    def read(self, function: str) -> Reading:
        try:
            self._load()
            found = self.names.get(function)
            if isinstance(found, Function):
                self.reading.raises = any(
                    isinstance(node, ast.Raise) for node in ast.walk(found.node)
                )
                self.call_function(found, [], {})
                self._look_for_the_rest()
            elif found is not None:
                self.say_unknown(f"{function} is made while it runs")
        except (TooLongError, RecursionError):
            self.say_unknown("is too long or too deep to be looked into")
        return self.reading

    def _load(self) -> None:
        """What stands around the functions runs when the file is loaded, without a database."""
        for node in self._module.body:
            if isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign):
                self._statement(node)
            elif isinstance(node, ast.ClassDef):
                self.names[node.name] = Unknown(node.name)
        self.reading = Reading()

    def _look_for_the_rest(self) -> None:
        """A call in a place that was not followed, such as a lambda, is not left out."""
        ops = {name for name, value in self.names.items() if isinstance(value, Op)}
        followed = self.seen | self._passed_by
        for node in (
            node for function in dict.fromkeys(self._followed) for node in ast.walk(function)
        ):
            if (
                isinstance(node, ast.Call)
                and node not in followed
                and (_root(node.func) in ops or getattr(node.func, "attr", "") in EXECUTES)
            ):
                self.say_unknown(calls(written(node.func)))

    def call_function(
        self, function: Function, arguments: Sequence[Any], words: dict[str, Any]
    ) -> Any:
        if self._depth >= _MOST_CALLS:
            self.say_unknown(f"calls {function.node.name} again and again")
            return Unknown()
        outside, self._depth = dict(self.names), self._depth + 1
        self.names |= self._parameters(function.node.args, arguments, words)
        self._followed.append(function.node)
        if function.node.decorator_list:
            self.say_unknown(calls(f"@{written(function.node.decorator_list[0])}"))
        try:
            return self._block(function.node.body)
        finally:
            self.names, self._depth = outside, self._depth - 1

    def _parameters(
        self, spec: ast.arguments, arguments: Sequence[Any], words: dict[str, Any]
    ) -> dict[str, Any]:
        names = [one.arg for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
        defaults = dict(
            zip(reversed([one.arg for one in spec.args]), reversed(spec.defaults), strict=False)
        )
        found = {
            name: self.known(defaults[name]) if name in defaults else Unknown(name)
            for name in names
        }
        rest = {one.arg: Unknown(one.arg) for one in (spec.vararg, spec.kwarg) if one}
        return found | rest | dict(zip(names, arguments, strict=False)) | words

    # --- statements ---

    def _block(self, body: Sequence[ast.stmt]) -> Any:
        result: Any = Unknown()
        for node in body:
            result = self._statement(node)
        return result if body and isinstance(body[-1], ast.Return) else Unknown()

    def _statement(self, node: ast.stmt) -> Any:
        self.count()
        follow = _STATEMENTS.get(type(node))
        if follow is not None:
            return follow(self, node)
        self.say_unknown(f"holds `{type(node).__name__.lower()}`, which is not followed")
        return None

    def _maybe(self, *bodies: Sequence[ast.stmt]) -> None:
        """Blocks that may run or not: what they make may not be there, and their names may mean
        anything after them."""
        before = dict(self.names)
        for body in bodies:
            with self.branch():
                self._block(body)
        self.names = {
            name: value if before.get(name) is value else Unknown(name)
            for name, value in self.names.items()
        }

    def _expression(self, node: ast.Expr) -> None:
        self.known(node.value)

    def _return(self, node: ast.Return) -> Any:
        return self.known(node.value) if node.value is not None else None

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        value = self.known(node.value) if node.value is not None else Unknown()
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self.bind(target, Unknown() if isinstance(node, ast.AugAssign) else value)

    def _if(self, node: ast.If) -> None:
        test = self.known(node.test)
        if not values.is_plain(test):
            self._maybe(node.body, node.orelse)
            return
        taken, left = (node.body, node.orelse) if test else (node.orelse, node.body)
        self._passed_by.update(one for part in left for one in ast.walk(part))
        self._block(taken)

    def _for(self, node: ast.For) -> None:
        items = self.items(node.iter)
        if items is None:
            self.bind(node.target, Unknown())
            self._maybe(node.body)
        for item in items or ():
            self.bind(node.target, item)
            self._block(node.body)
        self._block(node.orelse)

    def _while(self, node: ast.While) -> None:
        self.known(node.test)
        self._maybe(node.body, node.orelse)

    def _with(self, node: ast.With) -> None:
        for item in node.items:
            value = self.known(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        self._block(node.body)

    def _try(self, node: ast.Try) -> None:
        self._maybe([*node.body, *node.orelse], *(handler.body for handler in node.handlers))
        self._block(node.finalbody)

    def _import(self, node: ast.Import) -> None:
        for name in node.names:
            module = name.name if name.asname else name.name.partition(".")[0]
            self.names[name.asname or module] = values.imported(module)

    def _import_from(self, node: ast.ImportFrom) -> None:
        for name in node.names:
            self.names[name.asname or name.name] = values.imported(
                "." * node.level + (node.module or ""), name.name
            )

    def _define(self, node: ast.FunctionDef) -> None:
        self.names[node.name] = Function(node)

    def _nothing(self, node: ast.stmt) -> None:
        """Says nothing to a database."""


def _root(function: ast.expr) -> str:
    """The first name of `a.b().c`."""
    while isinstance(function, ast.Attribute | ast.Call):
        function = function.value if isinstance(function, ast.Attribute) else function.func
    return function.id if isinstance(function, ast.Name) else ""


_STATEMENTS = table(
    (
        ((ast.Expr,), _Reader._expression),
        ((ast.Return,), _Reader._return),
        ((ast.If,), _Reader._if),
        ((ast.Assign, ast.AnnAssign, ast.AugAssign), _Reader._assign),
        ((ast.For,), _Reader._for),
        ((ast.While,), _Reader._while),
        ((ast.With,), _Reader._with),
        ((ast.Try,), _Reader._try),
        ((ast.Import,), _Reader._import),
        ((ast.ImportFrom,), _Reader._import_from),
        ((ast.FunctionDef,), _Reader._define),
        (
            (
                ast.Pass,
                ast.Break,
                ast.Continue,
                ast.Raise,
                ast.Assert,
                ast.Global,
                ast.Nonlocal,
                ast.Delete,
            ),
            _Reader._nothing,
        ),
    )
)

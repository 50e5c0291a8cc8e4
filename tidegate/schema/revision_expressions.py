"""What an expression in a revision file is worth, as far as that is known without running the
file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from tidegate.schema import revision_values as values
from tidegate.schema.migration_sql import Engine
from tidegate.schema.revision_calls import Calls
from tidegate.schema.revision_reading import Allowance
from tidegate.schema.revision_values import Dialect, Library, Method, Unknown


class Expressions(Calls):
    """Values by name, and what is made of them."""

    def __init__(self, engine: Engine, allowance: Allowance) -> None:
        super().__init__(engine, allowance)
        self.names: dict[str, Any] = {}

    def bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            fits = isinstance(value, tuple | list) and len(value) == len(target.elts)
            for part, one in zip(
                target.elts, value if fits else [_part(value)] * len(target.elts), strict=True
            ):
                self.bind(part, one)

    def items(self, node: ast.expr) -> list[Any] | None:
        found = self.known(node)
        return list(found) if isinstance(found, tuple | list | dict) else None

    def value(self, node: ast.expr) -> Any:
        self.count()
        follow = _EXPRESSIONS.get(type(node))
        if follow is not None:
            return follow(self, node)
        if isinstance(node, ast.Lambda):
            return Unknown("lambda")
        for part in ast.walk(node):  # its value is of no account, but what it calls is
            if isinstance(part, ast.Call) and part not in self.seen:
                self.known(part)
        return Unknown(type(node).__name__)

    def _subscript(self, node: ast.Subscript) -> Any:
        owner, place = self.value(node.value), self.known(node.slice)
        if isinstance(owner, Unknown):
            return owner
        try:
            return owner[place] if isinstance(owner, dict | list | tuple) else Unknown("[]")
        except (KeyError, IndexError, TypeError):
            return Unknown("[]")

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        return (
            Method(Library(None), node.id)
            if node.id in values.HARMLESS_BUILTINS
            else Unknown(node.id)
        )

    def _attribute(self, node: ast.Attribute) -> Any:
        owner = self.value(node.value)
        if isinstance(owner, Dialect) and node.attr == "name":
            return values.ServerName(self.engine)
        return values.attribute(owner, node.attr)

    def _sequence(self, node: ast.Tuple | ast.List) -> Any:
        found = [self.known(part) for part in node.elts]
        return tuple(found) if isinstance(node, ast.Tuple) else found

    def _mapping(self, node: ast.Dict) -> Any:
        keys = [self.known(key) if key is not None else Unknown() for key in node.keys]
        found = [self.known(value) for value in node.values]
        return (
            dict(zip(keys, found, strict=True))
            if all(isinstance(key, str | int) for key in keys)
            else Unknown()
        )

    def _operation(self, node: ast.BinOp) -> Any:
        return values.applied(node.op, self.known(node.left), self.known(node.right))

    def _comparison(self, node: ast.Compare) -> Any:
        parts = [self.known(part) for part in (node.left, *node.comparators)]
        return values.applied(node.ops[0], *parts) if len(parts) == 2 else Unknown()

    def _unary(self, node: ast.UnaryOp) -> Any:
        value = self.known(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(value, int | float):
            return -value
        return not value if isinstance(node.op, ast.Not) and values.is_plain(value) else Unknown()

    def _formatted(self, node: ast.JoinedStr) -> Any:
        parts = [
            self.known(part.value if isinstance(part, ast.FormattedValue) else part)
            for part in node.values
        ]
        plain = all(isinstance(part, str | int) for part in parts) and not any(
            isinstance(part, ast.FormattedValue) and (part.format_spec or part.conversion != -1)
            for part in node.values
        )
        text = "".join(map(str, parts)) if plain else ""
        return text if plain and len(text) <= values.MOST_CHARACTERS else Unknown()

    def _list(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Any:
        first = node.generators[0]
        items, found = self.items(first.iter), []
        for item in [Unknown()] if items is None else items:
            self.bind(first.target, item)
            for part in (*first.ifs, *(other.iter for other in node.generators[1:])):
                self.known(part)
            for other in node.generators[1:]:
                self.bind(other.target, Unknown())
            found.append(self.known(node.elt))
        return (
            found
            if items is not None and len(node.generators) == 1 and not first.ifs
            else Unknown()
        )


def _part(value: Any) -> Unknown:
    """Of something that came from a call: as unknown as that."""
    return value if isinstance(value, Unknown) else Unknown("[]")


def table(
    rows: Iterable[tuple[tuple[type[ast.AST], ...], Any]],
) -> dict[type[ast.AST], Callable[[Any, Any], Any]]:
    """From kinds of nodes, each with the method that follows them, to one entry for each kind."""
    return {kind: follow for kinds, follow in rows for kind in kinds}


_EXPRESSIONS = table(
    (
        ((ast.Constant,), Expressions._constant),
        ((ast.Name,), Expressions._name),
        ((ast.Attribute,), Expressions._attribute),
        ((ast.Tuple, ast.List), Expressions._sequence),
        ((ast.Dict,), Expressions._mapping),
        ((ast.BinOp,), Expressions._operation),
        ((ast.Compare,), Expressions._comparison),
        ((ast.UnaryOp,), Expressions._unary),
        ((ast.JoinedStr,), Expressions._formatted),
        ((ast.ListComp, ast.GeneratorExp, ast.SetComp), Expressions._list),
        ((ast.Subscript,), Expressions._subscript),
        ((ast.Call,), Expressions.call),
    )
)

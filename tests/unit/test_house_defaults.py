"""A default never stands for a fact: neither about an application, nor for an argument that
somebody forgot."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup.places import ROOT

POLICY = ("_seconds", "lines", "size", "most", "rate_per_second")
"""How long, how much, how often: ours to decide."""
OURS = {
    "edge_network": "the name of our own edge",
    "public_address": "where our own edge listens",
    "name": "a lock file of our own",
    "doing": "words of an error",
    "mark": "how SQL quotes a name",
    "code": "no code in an answer of the builder",
}


def defaults(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Name and default of each argument and of each field of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.args.posonlyargs, *node.args.args]
            yield from zip(
                (one.arg for one in given[len(given) - len(node.args.defaults) :]),
                node.args.defaults,
                strict=True,
            )
            yield from (
                (one.arg, value)
                for one, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                if value
            )
        if isinstance(node, ast.ClassDef):
            yield from (
                (part.target.id, part.value)
                for part in node.body
                if isinstance(part, ast.AnnAssign)
                and part.value
                and isinstance(part.target, ast.Name)
            )


def says_something(default: ast.expr) -> bool:
    """A text or number, also as the first argument of `Field`. None, False and what is empty say
    that there is none."""
    if isinstance(default, ast.Call) and getattr(default.func, "id", "") == "Field":
        return bool(default.args) and says_something(default.args[0])
    return (
        isinstance(default, ast.Constant)
        and not isinstance(default.value, bool)
        and default.value not in (None, "", b"")
    )


@pytest.mark.parametrize(
    "file", sorted((ROOT / "blocks").rglob("*.py")), ids=lambda file: file.stem
)
def test_no_adapter_fills_in_a_fact_silently(file: Path) -> None:
    assert [
        name
        for name, default in defaults(ast.parse(file.read_text(encoding="utf-8")))
        if says_something(default) and not name.endswith(POLICY) and name not in OURS
    ] == []


def test_this_check_can_fail() -> None:
    code = "def f(a, database='main'): ...\nclass C:\n path: str = Field('/ready')\n port: int = 0\n ok: int | None = None\n"
    tree = ast.parse(code)
    assert [name for name, default in defaults(tree) if says_something(default)] == [
        "database",
        "path",
        "port",
    ]

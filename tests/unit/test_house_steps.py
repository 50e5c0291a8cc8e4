"""Each step says four things in its docstring, and ends in time."""

from __future__ import annotations

import ast

from tests.unit.source_files import functions, ours, tree

FOUR_THINGS = ("Needs:", "Leaves:", "Again:", "Undo:")


def decorator_name(node: ast.expr) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return called.id if isinstance(called, ast.Name) else ""


def steps_in(module: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        one
        for one in functions(module)
        if {"step", "task"} & {decorator_name(node) for node in one.decorator_list}
    ]


def missing_in_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [thing for thing in FOUR_THINGS if thing not in (ast.get_docstring(function) or "")]


STEPS = {
    f"{path.stem}.{one.name}": one
    for path in ours()
    if path.parts[0] == "tasks"
    for one in steps_in(tree(path))
}


def limits_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str | None]:
    return {
        word.arg
        for node in function.decorator_list
        if isinstance(node, ast.Call)
        for word in node.keywords
    }


def test_every_step_says_what_it_needs_leaves_does_again_and_how_it_is_undone() -> None:
    assert len(STEPS) > 20
    assert {
        name: missing for name, one in STEPS.items() if (missing := missing_in_docstring(one))
    } == {}


def test_every_step_has_a_time_limit() -> None:
    assert [name for name, one in STEPS.items() if "timeout_seconds" not in limits_of(one)] == []


def test_a_step_that_says_too_little_is_found() -> None:
    bad = ast.parse("@step('x', timeout_seconds=1)\ndef go(w): 'Needs: it.'")
    assert [missing_in_docstring(one) for one in steps_in(bad)] == [["Leaves:", "Again:", "Undo:"]]

"""Steps are called by flows: a step that another step imported would be a flow nobody can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from setup.places import ROOT


def steps_of(module: ast.Module) -> set[str]:
    return {
        function.name
        for function in ast.walk(module)
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if ast.unparse(decorator).startswith("step(")
    }


def imports_of(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Module and name of each `from module import name`."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, one.name) for one in node.names)


def sisters_in(modules: dict[str, ast.Module]) -> list[tuple[str, str]]:
    """Each module with the step that it imports from another one."""
    steps = {(name, step) for name, module in modules.items() for step in steps_of(module)}
    return [
        (name, step)
        for name, module in modules.items()
        for origin, step in imports_of(module)
        if (origin, step) in steps
    ]


def rooms() -> dict[str, ast.Module]:
    files = (path.relative_to(ROOT) for path in Path(ROOT, "tasks").rglob("*.py"))
    return {
        ".".join(path.with_suffix("").parts): ast.parse((ROOT / path).read_text()) for path in files
    }


def test_no_step_imports_a_sister_step() -> None:
    """But for the frame's own, by which a deployment is opened: a flow cannot forget one of them."""
    assert len(set().union(*map(steps_of, rooms().values()))) > 20
    assert [
        (name, step)
        for name, step in sisters_in(rooms())
        if step not in ("note_plan", "keep_configuration")
    ] == []


def test_a_sister_step_is_found() -> None:
    own = ast.parse("@step('stop', timeout_seconds=1)\ndef stop(work): ...")
    assert sisters_in({"a": own, "b": ast.parse("from a import stop")}) == [("b", "stop")]

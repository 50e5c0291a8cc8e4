"""The files of the repository as the tests of its rules read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from setup.places import ROOT

PACKAGES = ("cli", "control", "flows", "tasks", "blocks", "tidegate")


@cache
def named() -> tuple[Path, ...]:
    """All that git knows, relative to the root: files, links, and what is being deleted."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    return tuple(Path(name) for name in names.split("\0") if name)


@cache
def tracked(*suffixes: str) -> tuple[Path, ...]:
    """Files of the repository, relative to its root; those that are being moved or deleted are left
    out."""
    return tuple(
        path
        for path in named()
        if (ROOT / path).is_file() and (not suffixes or path.suffix in suffixes)
    )


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def ours() -> list[Path]:
    return [path for path in tracked(".py") if path.parts[0] in PACKAGES]


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def found_in(
    paths: Iterable[Path], find: Callable[[Path], Sequence[object]]
) -> dict[str, Sequence[object]]:
    """What a rule finds, per file that it finds something in."""
    return {str(path): found for path in paths if (found := find(path))}


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def called(call: ast.Call) -> tuple[str, str]:
    match call.func:
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return module, name
    return "", ""

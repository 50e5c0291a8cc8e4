"""Every call to the outside ends, and somebody looks at how it ended."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from tests.unit.source_files import called, found_in, ours, tracked, tree

# httpx is not among them: by itself it ends after 5 s, so only `timeout=None` makes it wait for
# ever.
ENDLESS_BY_DEFAULT = {
    ("subprocess", "run"),
    ("subprocess", "check_output"),
    ("docker", "DockerClient"),
    ("docker", "from_env"),
}


def endless_calls(module: ast.AST) -> list[str]:
    """Calls to another program or machine that may last for ever."""

    def endless(call: ast.Call) -> bool:
        limit = next((word.value for word in call.keywords if word.arg == "timeout"), None)
        forever = isinstance(limit, ast.Constant) and limit.value is None
        return forever or (limit is None and called(call) in ENDLESS_BY_DEFAULT)

    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    return [f"line {one.lineno}: {ast.unparse(one.func)}" for one in calls if endless(one)]


def names_defined(module: ast.AST) -> Iterator[str]:
    """Parameters, fields and constants: what others read."""
    for node in ast.walk(module):
        match node:
            case ast.arg(arg=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                yield name


def times_without_unit(module: ast.AST) -> list[str]:
    limits = [
        name
        for name in names_defined(module)
        if re.search(r"time_?out|interval|_delay$|_ttl$", name.lower())
    ]
    return [name for name in limits if not name.lower().endswith("_seconds")]


def test_every_call_to_the_outside_ends() -> None:
    assert found_in(ours(), lambda path: endless_calls(tree(path))) == {}


def test_every_time_limit_has_its_unit_in_its_name() -> None:
    assert found_in(ours(), lambda path: times_without_unit(tree(path))) == {}


def test_what_breaks_these_rules_is_found() -> None:
    bad = ast.parse(
        "def ask(timeout: float): return httpx.get(url, timeout=None), subprocess.run(['x'])"
    )
    assert endless_calls(bad) == ["line 1: httpx.get", "line 1: subprocess.run"]
    assert times_without_unit(bad) == ["timeout"]


# --- exit codes ---


def ignored_exit_codes(module: ast.AST) -> list[str]:
    """`subprocess.run` as a statement of its own without `check=True`: nobody looks at its exit
    code."""

    def checked(call: ast.Call) -> bool:
        words: dict[str | None, Any] = {word.arg: word.value for word in call.keywords}
        return isinstance(words.get("check"), ast.Constant) and words["check"].value is True

    statements = [
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    return [
        f"line {call.lineno}"
        for call in statements
        if called(call) == ("subprocess", "run") and not checked(call)
    ]


def test_no_exit_code_is_ignored() -> None:
    assert found_in(tracked(".py"), lambda path: ignored_exit_codes(tree(path))) == {}


def test_an_ignored_exit_code_is_found() -> None:
    assert ignored_exit_codes(ast.parse("subprocess.run(['x'], check=False)")) == ["line 1"]
    assert ignored_exit_codes(ast.parse("subprocess.run(['x'], check=True)")) == []


# --- what containers print ---


def run_and_removed(module: ast.AST) -> list[str]:
    """docker-py removes the container first and reads its log afterwards: on a busy machine,
    nothing."""
    return [
        f"line {call.lineno}: {ast.unparse(call.func)}"
        for call in ast.walk(module)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).endswith("containers.run")
        and any(word.arg == "remove" for word in call.keywords)
    ]


def test_what_a_container_prints_is_read_before_it_is_removed() -> None:
    assert found_in(tracked(".py"), lambda path: run_and_removed(tree(path))) == {}
    bad = ast.parse("client.containers.run(image, remove=True)")
    assert run_and_removed(bad) == ["line 1: client.containers.run"]

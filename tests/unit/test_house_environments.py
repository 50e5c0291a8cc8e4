"""No code asks for the name of an environment: what is done in one is said by its stack file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from setup.places import ROOT
from tests.unit.source_files import found_in, ours, tree

NAME = re.compile(r"([a-z0-9-]*-|[a-z-]+/)?(prod|staging|dev)")
KINDS = {"staging"}
"""A kind is called as many call the environment."""
OF_KINDS = Path("tidegate/stack/environments.py")
PROPOSES = Path("tidegate/proposal/compose_files.py")
"""Reads such names in the names of a team's compose files, and proposes some for a stack file that
is new."""


def docstrings(module: ast.AST) -> set[int]:
    """Sentences that stand by themselves: they may give an example."""
    return {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}


def names_of_environments(module: ast.AST) -> Iterator[str]:
    plain = docstrings(module)
    for node in ast.walk(module):
        said = node.value if isinstance(node, ast.Constant) and id(node) not in plain else None
        if isinstance(node, ast.Constant) and isinstance(said, str) and NAME.fullmatch(said):
            yield f"line {node.lineno}: {said}"


def test_no_code_asks_for_the_name_of_an_environment() -> None:
    def found(path: Path) -> list[str]:
        named = names_of_environments(tree(path))
        return [one for one in named if path != OF_KINDS or one.split()[-1] not in KINDS]

    texts = Path("tidegate/pages/texts")  # `staging` inside an English sentence
    assert (
        found_in(
            [path for path in ours() if not path.is_relative_to(texts) and path != PROPOSES], found
        )
        == {}
    )


def test_no_deployment_is_there_for_a_certain_environment() -> None:
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    listed = [
        one for key in ("deployments", "each_environment") for one in yaml.safe_load(text)[key]
    ]
    assert [
        one
        for one in listed
        if NAME.fullmatch(one.get("name", "")) or "environment" in one.get("parameters", {})
    ] == []


def test_a_name_in_code_is_found() -> None:
    bad = ast.parse(
        '"""As `release/prod` does."""\ndef f(env, name="prod"):\n return env == "staging" or f"{name}-dev"\n'
        'START = "watch/prod"\nPATH = "/dev/null"\n'
    )
    assert sorted(names_of_environments(bad)) == [
        "line 2: prod",
        "line 3: -dev",
        "line 3: staging",
        "line 4: watch/prod",
    ]

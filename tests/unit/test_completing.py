"""The Tab key offers stacks and environments as the stack files name them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cli.completing import stacks
from tests.unit.test_stackfile import SAMPLE

TIDEGATE = Path(sys.executable).with_name("tidegate")


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, environment in (("shop", "prod"), ("ship", "live")):
        (tmp_path / name).mkdir()
        content = yaml.safe_load(SAMPLE)
        [own] = list(content["environments"].values())[:1]
        changed = {
            **content,
            "name": name,
            "aliases": [f"{name}-alias"],
            "environments": {environment: {**own, "domains": [f"{name}.localhost"]}},
        }
        (tmp_path / name / "stack.yaml").write_text(yaml.safe_dump(changed))
    monkeypatch.setenv("TIDEGATE_STACKS", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path / "home"))
    return tmp_path


def offered(line: str) -> list[str]:
    """As bash asks."""
    words = {
        "_TIDEGATE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    ended = subprocess.run(
        [TIDEGATE],
        env={**os.environ, **words},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.stdout.split()


@pytest.mark.parametrize("command", ["release", "status", "adopt"])
def test_a_stack_is_offered_by_its_beginning(team: Path, command: str) -> None:
    assert offered(f"tidegate {command} sho") == ["shop", "shop-alias"]


@pytest.mark.parametrize("command", ["logs", "adopt"])
def test_environments_are_those_of_the_stack_that_is_typed(team: Path, command: str) -> None:
    assert offered(f"tidegate {command} shop ") == ["prod"]
    assert offered("tidegate history ship ") == ["live"]
    assert offered("tidegate release ship v1 ") == ["live"]


def test_outside_of_every_folder_nothing_is_offered_and_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIDEGATE_STACKS", raising=False)
    monkeypatch.delenv("TIDEGATE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert stacks("") == []

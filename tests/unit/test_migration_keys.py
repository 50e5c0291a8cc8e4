"""What a stack file says of a migration tool: each tool has its own keys, and a fault is named by
its path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from setup.places import ROOT
from tests.unit.test_stackfile import SAMPLE, faults, written
from tidegate.stack.file import load_stack
from tidegate.stack.migrations import TOOLS

HISTORY: dict[str, Any] = {
    "tool": "alembic",
    "service": "backend",
    "database": "main",
    "directory": "/app",
}
COMMAND = HISTORY | {
    "tool": "command",
    "state": "SELECT name FROM steps",
    "has": ["x", "list"],
    "up": ["x", "up"],
}


def stack(history: dict[str, Any]) -> str:
    return yaml.safe_dump(yaml.safe_load(SAMPLE) | {"migrations": [history]})


@pytest.mark.parametrize(
    ("history", "fault"),
    [
        (
            HISTORY | {"tool": "liquibase"},
            'migrations[0].tool: must be one of alembic, django, rails, prisma, flyway, command (got "liquibase")',
        ),
        (
            {key: value for key, value in COMMAND.items() if key != "tool"},
            "migrations[0].tool: is missing",
        ),
        (HISTORY | {"tool": "prisma", "up": ["x"]}, "migrations[0].up: unknown key"),
        (
            HISTORY | {"tool": "django", "directory": "app"},
            "migrations[0].directory: must be an absolute path inside the image",
        ),
        (
            {key: value for key, value in COMMAND.items() if key != "state"},
            "migrations[0].state: is missing",
        ),
        (COMMAND | {"up": []}, "migrations[0].up: must not be empty"),
        (
            COMMAND | {"state": "DROP TABLE bills"},
            "migrations[0].state: must be one SELECT of SQL, without `;` and `\\`",
        ),
        (
            COMMAND | {"state": "SELECT 1; DROP TABLE bills"},
            "migrations[0].state: must be one SELECT of SQL",
        ),
        (COMMAND | {"state": "SELECT 1 \\! sh"}, "migrations[0].state: must be one SELECT of SQL"),
        (
            COMMAND | {"down": ["x", "down"]},
            "migrations[0].down: must say how far: `{name}` is one migration, `{state}`",
        ),
        (
            COMMAND | {"sql": ["x", "sql"]},
            "migrations[0].sql: must say of which migration: `{name}`",
        ),
        (
            COMMAND | {"sql_down": ["x", "{name}"]},
            "migrations[0].sql_down: is of use with `down` and `sql` only",
        ),
    ],
)
def test_a_fault_is_named_by_its_path(tmp_path: Path, history: dict[str, Any], fault: str) -> None:
    assert faults(tmp_path, stack(history)).startswith(fault)


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_needs_little(tmp_path: Path, tool: str) -> None:
    [migration] = load_stack(
        written(tmp_path, stack(COMMAND if tool == "command" else HISTORY | {"tool": tool}))
    ).migrations
    assert (migration.tool, migration.lock_timeout_seconds) == (tool, 10)


def test_what_the_page_shows_of_each_tool_loads(tmp_path: Path) -> None:
    section = (
        (ROOT / "docs" / "stack-file.md")
        .read_text(encoding="utf-8")
        .partition("## Migrations")[2]
        .partition("\n## ")[0]
    )
    shown = [
        yaml.safe_load(block)["migrations"][0] | {"service": "backend"}
        for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    ]
    assert [one["tool"] for one in shown] == ["django", "rails", "prisma", "flyway", "command"]
    for one in shown:
        assert load_stack(written(tmp_path, stack(one)))

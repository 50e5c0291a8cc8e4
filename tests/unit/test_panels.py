"""`tidegate --help` groups the commands by what a person wants."""

from __future__ import annotations

import re

import typer
from typer.testing import CliRunner

from cli.main import app
from cli.panels import PANELS


def test_each_command_is_in_one_panel() -> None:
    named = [name for names in PANELS.values() for name in names]
    assert list(typer.main.get_command(app).commands) == named  # type: ignore[attr-defined]
    assert len(named) == len({*named})


def test_the_panels_are_shown_from_the_first_step_on() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert re.findall(r"^╭─ ([\w ]+?) ─", shown, re.MULTILINE) == ["Options", *PANELS]
    words = re.findall(r"^│ ([a-z]+) ", shown, re.MULTILINE)
    assert words == [name for names in PANELS.values() for name in names]

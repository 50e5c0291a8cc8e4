"""`tidegate logs`: what is printed, and what is said where nothing was."""

from __future__ import annotations

import pytest

from cli.logs import show
from tidegate.log_line import LogLine

LINE = LogLine(at="2026-11-27T12:05:00.1Z", service="web", text="ready")


def test_an_empty_log_says_so_and_gives_a_pipe_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show([], as_json=False)
    assert capsys.readouterr() == ("", "The containers have printed nothing.\n")


def test_each_line_names_its_service(capsys: pytest.CaptureFixture[str]) -> None:
    show([LINE], as_json=False)
    assert capsys.readouterr() == ("web | ready\n", "")

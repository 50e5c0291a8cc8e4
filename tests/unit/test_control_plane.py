"""What a `prefect` command that does not work becomes: one error."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from cli.control_plane import ControlPlane
from tidegate.errors import EngineError, TidegateError
from tidegate.settings import Settings


@pytest.fixture
def plane(tmp_path: Path) -> ControlPlane:
    return ControlPlane(Settings(home=tmp_path, stacks=tmp_path))


def test_a_command_without_an_end_is_one_error_that_says_where_to_read(plane: ControlPlane, mocker: MockerFixture) -> None:
    mocker.patch("cli.control_plane.subprocess.run", side_effect=subprocess.TimeoutExpired(["prefect"], 180))
    with pytest.raises(EngineError, match=r"running `prefect deploy --all`: no end after 180 s\. Read .*server\.log"):
        plane.prefect("deploy", "--all")


def test_a_command_that_fails_is_one_error_with_what_it_said(plane: ControlPlane) -> None:
    with pytest.raises(TidegateError, match=r"(?s)running `prefect deploy --no-such-option`: .*Unknown option"):
        plane.prefect("deploy", "--no-such-option")

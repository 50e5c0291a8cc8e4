"""What a command that does not work becomes: one error. What its server is told is known to it."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pytest_mock import MockerFixture
from rich.console import Console

from cli.control_plane import ControlPlane
from cli.run import run
from control.seldom import SELDOM, UNASKED
from setup.places import ROOT
from tests.installation import free_ports
from tidegate.errors import CapacityError, EngineError, TidegateError
from tidegate.settings import Settings


@pytest.fixture
def plane(tmp_path: Path) -> ControlPlane:
    return ControlPlane(Settings(home=tmp_path, stacks=tmp_path))


def test_a_command_without_an_end_is_one_error_that_says_where_to_read(
    plane: ControlPlane, mocker: MockerFixture
) -> None:
    mocker.patch(
        "cli.control_plane.subprocess.run", side_effect=subprocess.TimeoutExpired(["prefect"], 180)
    )
    with pytest.raises(
        EngineError, match=r"registering the deployments: no end after 180 s\. Read .*server\.log"
    ):
        plane.register_deployments()


def test_a_command_that_fails_is_one_error_with_what_it_said(plane: ControlPlane) -> None:
    with pytest.raises(
        TidegateError,
        match=r"registering the deployments: reading what was deployed where: .* was never started",
    ):
        plane.register_deployments()


def test_stack_files_that_this_version_refuses_are_named_before_anything_is_started(
    tmp_path: Path,
) -> None:
    """Of what 0.1 deployed nothing was kept, so a refused file takes the way back away. It stops
    nobody else."""
    for name, removed in {"old": "    ready_path: /ready ", "good": "nothing"}.items():
        (tmp_path / "stacks" / name).mkdir(parents=True)
        text = (
            (ROOT / "stacks" / "cloudlens" / "stack.yaml")
            .read_text()
            .replace("name: cloudlens ", f"name: {name} ", 1)
        )
        (tmp_path / "stacks" / name / "stack.yaml").write_text(
            text.replace(removed, "    # ready_path")
        )
    said = io.StringIO()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(
            home=tmp_path, stacks=tmp_path / "stacks", prefect_port=taken.getsockname()[1]
        )
        with pytest.raises(CapacityError):
            run(settings, Console(file=said, width=200))
    [line] = said.getvalue().splitlines()
    assert line.strip().startswith(
        "! reading old/stack.yaml: services[0]: backend is behind the edge and needs a ready_path"
    )
    assert line.endswith("is neither watched nor rolled back")


def test_a_program_that_was_killed_just_now_has_its_port_a_moment_longer(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    plane = ControlPlane(
        Settings(
            home=tmp_path,
            stacks=tmp_path,
            prefect_port=taken.getsockname()[1],
            receiver_port=free_ports(1)[0],
        )
    )
    going = threading.Timer(0.5, taken.close)
    going.start()
    plane.refuse_taken_ports()
    going.join()


def test_prefect_reads_what_we_set_for_an_idle_server() -> None:
    """A name that it does not know would be ignored without a word."""
    ours = {
        key: value for key, value in {**SELDOM, **UNASKED}.items() if key.startswith("PREFECT_")
    }
    services = (
        "import json, sys; from prefect.settings import get_current_settings as s; "
        "print(json.dumps([k for k in sys.argv[1:] if k not in s().to_environment_variables(exclude_unset=True)]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", services, *ours],
        cwd=ROOT,
        env={**os.environ, **ours},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (told.stdout.strip(), len(ours) > 10) == ("[]", True)


def test_time_zones_come_from_a_package() -> None:
    """Also where the machine has none; and to list them walks no folder."""
    zones = "import zoneinfo as z; print(z.TZPATH, z.ZoneInfo('Asia/Shanghai'), len(z.available_timezones()) > 400)"
    told = subprocess.run(
        [sys.executable, "-c", zones],
        cwd=ROOT,
        env={**os.environ, **UNASKED},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.strip() == "() Asia/Shanghai True"

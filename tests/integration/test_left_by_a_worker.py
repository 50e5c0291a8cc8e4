"""What a killed worker leaves is taken up by the next one: a run that it had not begun yet, and one
that goes on."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.control_plane import ControlPlane
from control.served import FILE_VARIABLE
from setup.places import ROOT
from tests.integration.trials import Trial, alive, until

pytest_plugins = ["tests.integration.worker_fixtures"]
# A background process is left to itself on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <function Popen.__del__")
DIES_BEFORE_THE_FORK = """
import asyncio, os, signal
from control import worker
from control.__main__ import work
worker.ForkedProcess.start = lambda order: os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(work())
"""
LONG_AGO = timedelta(minutes=5)


@pytest.fixture
def deployments(plane: ControlPlane) -> Path:
    return plane.settings.home / "deployments.yaml"


def killed_worker(plane: ControlPlane) -> None:
    """The worker is gone, and no other one is there yet."""
    os.kill(plane.worker.pid() or 0, signal.SIGKILL)
    until(lambda: plane.worker.pid() is None or None)


def never_begun(plane: ControlPlane, trial: Trial, deployments: Path) -> Trial:
    """A worker took it up and was killed before it had a process."""
    killed_worker(plane)
    trial.start()
    dying = subprocess.run(
        [sys.executable, "-c", DIES_BEFORE_THE_FORK],
        cwd=ROOT,
        timeout=60,
        check=False,
        env={**plane.environment(), FILE_VARIABLE: str(deployments)},
        capture_output=True,
    )
    assert dying.returncode == -signal.SIGKILL
    assert trial.api.state(trial.id).type == "PENDING"
    return trial


def long_ago(plane: ControlPlane, trial: Trial, *, auto_scheduled: bool = False) -> None:
    """Its state is minutes old. `auto_scheduled`: a schedule has made it."""
    at = f"{datetime.now(UTC) - LONG_AGO:%Y-%m-%d %H:%M:%S.%f}"
    with (
        closing(
            sqlite3.connect(plane.settings.home / "prefect" / "prefect.db", timeout=30)
        ) as database,
        database,
    ):
        database.execute(
            "UPDATE flow_run SET auto_scheduled = ? WHERE id = ?", (auto_scheduled, trial.id)
        )
        database.execute(
            "UPDATE flow_run_state SET timestamp = ? WHERE id = (SELECT state_id FROM flow_run WHERE id = ?)",
            (at, trial.id),
        )


def test_a_run_whose_worker_was_killed_before_it_began_is_begun_by_the_next_one(
    plane: ControlPlane, trial: Trial, deployments: Path
) -> None:
    never_begun(plane, trial, deployments)
    long_ago(plane, trial)
    plane.start_worker(deployments)
    assert trial.ended_as() == "COMPLETED"
    assert len(trial.noted()) == 1


def test_a_look_that_was_not_begun_makes_room_for_the_next_one(
    plane: ControlPlane, trial: Trial, deployments: Path
) -> None:
    never_begun(plane, trial, deployments)
    long_ago(plane, trial, auto_scheduled=True)
    plane.start_worker(deployments)
    assert trial.ended_as() == "CRASHED"
    assert "The next look begins anew" in trial.api.state(trial.id).message


def test_a_run_that_is_being_begun_is_left_alone(
    plane: ControlPlane, new_trial: Callable[[str], Trial], deployments: Path
) -> None:
    """By another worker, perhaps: only one that was taken up long ago is lost."""
    young = never_begun(plane, new_trial("young"), deployments)
    plane.start_worker(deployments)
    assert new_trial("next").start().ended_as() == "COMPLETED"
    assert young.api.state(young.id).type == "PENDING"
    long_ago(plane, young)
    new_trial("another").start()  # so that the worker looks now
    assert young.ended_as() == "COMPLETED"


def test_a_run_that_outlived_its_worker_can_be_cancelled(
    plane: ControlPlane, trial: Trial, deployments: Path
) -> None:
    trial.start("wait")
    [noted] = trial.noted()
    trial.reaches("RUNNING")
    killed_worker(plane)
    plane.start_worker(deployments)
    cancelling = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    until(
        lambda: (
            trial.http.post(f"/flow_runs/{trial.id}/set_state", json=cancelling).is_success or None
        )
    )
    assert trial.ended_as() == "CANCELLED"
    until(lambda: not alive(noted["pid"]) or None)


def test_one_that_was_cancelled_while_no_worker_was_there_is_ended_too(
    plane: ControlPlane, trial: Trial, deployments: Path
) -> None:
    trial.start("wait")
    [noted] = trial.noted()
    trial.reaches("RUNNING")
    killed_worker(plane)
    cancelling = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    until(
        lambda: (
            trial.http.post(f"/flow_runs/{trial.id}/set_state", json=cancelling).is_success or None
        )
    )
    plane.start_worker(deployments)
    assert trial.ended_as() == "CANCELLED"
    until(lambda: not alive(noted["pid"]) or None)

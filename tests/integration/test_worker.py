"""Runs are forked from a parent that has everything imported; one that ends, is cancelled or is
killed is seen."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from rich.console import Console

from cli.control_plane import ControlPlane
from cli.follow import start_and_follow
from tasks.frame.runs import cancel_run
from tests.installation import free_ports
from tests.integration.trials import Trial, alive, messages, parent_of, printed_since, until
from tidegate.errors import EngineError, InputError
from tidegate.settings import Settings

pytest_plugins = ["tests.integration.worker_fixtures"]
# A background process is left to itself on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <function Popen.__del__")
LOOK_SECONDS = 30
"""The worker's own look: what starts much earlier was heard of."""


def test_a_run_completes_in_a_forked_process_and_its_log_is_in_the_api(
    plane: ControlPlane, trial: Trial
) -> None:
    begin = plane.worker.log.stat().st_size
    trial.start()
    assert trial.ended_as() == "COMPLETED"
    [noted] = trial.noted()
    assert noted["forked"]
    assert noted["run"] == trial.id
    until(lambda: "the first line" in messages(trial) or None)
    assert "printed by the run" in printed_since(plane.worker.log, begin)


def test_a_run_that_raises_is_failed(trial: Trial) -> None:
    assert trial.start("fail").ended_as() == "FAILED"


def test_a_killed_run_is_crashed_and_the_next_one_works(new_trial: Callable[[str], Trial]) -> None:
    killed = new_trial("killed").start("wait")
    os.kill(killed.noted()[0]["pid"], signal.SIGKILL)
    assert killed.ended_as() == "CRASHED"
    assert new_trial("next").start().ended_as() == "COMPLETED"


def test_a_run_outlives_the_worker_and_the_next_worker_takes_the_next_run(
    plane: ControlPlane, new_trial: Callable[[str], Trial]
) -> None:
    before = new_trial("before").start("wait")
    before.noted()
    os.kill(plane.worker.pid() or 0, signal.SIGKILL)
    until(lambda: plane.worker.pid() is None or None)
    plane.start_worker(plane.settings.home / "deployments.yaml")
    assert new_trial("next").start().ended_as() == "COMPLETED"
    before.let_go()
    assert before.ended_as() == "COMPLETED"


def test_stopping_the_worker_ends_its_runs_and_gives_them_nothing_to_put_back(
    plane: ControlPlane, trial: Trial
) -> None:
    """A release in its watch serves well: only a person who cancels it wants it undone."""
    begin = plane.worker.log.stat().st_size
    trial.start("wait")
    [noted] = trial.noted()
    until(lambda: "printed by the run" in printed_since(plane.worker.log, begin) or None)
    plane.worker.stop()
    until(lambda: not alive(noted["pid"]) or None)
    assert trial.ended_as() == "CRASHED"
    assert "printed when it was told to end" not in printed_since(plane.worker.log, begin)


def test_cancelling_ends_the_process(trial: Trial) -> None:
    trial.start("wait")
    [noted] = trial.noted()
    cancelling = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    until(
        lambda: (
            trial.http.post(f"/flow_runs/{trial.id}/set_state", json=cancelling).is_success or None
        )
    )
    assert trial.ended_as() == "CANCELLED"
    until(lambda: not alive(noted["pid"]) or None)


def test_two_runs_at_once_are_two_processes_and_one_killed_leaves_the_other(
    new_trial: Callable[[str], Trial],
) -> None:
    one, other = new_trial("one").start("wait"), new_trial("other").start("wait")
    assert one.noted()[0]["pid"] != other.noted()[0]["pid"]
    os.kill(one.noted()[0]["pid"], signal.SIGKILL)
    other.let_go()
    assert (one.ended_as(), other.ended_as()) == ("CRASHED", "COMPLETED")


def test_a_suspended_run_goes_on_in_a_new_process(trial: Trial) -> None:
    trial.start("suspend").reaches("PAUSED")
    until(lambda: not alive(trial.noted()[0]["pid"]) or None)
    until(lambda: trial.http.post(f"/flow_runs/{trial.id}/resume", json={}).is_success or None)
    assert trial.ended_as() == "COMPLETED"
    first, second = trial.noted(2)
    assert first["pid"] != second["pid"]


def test_a_suspended_run_that_another_one_cancels_says_why(
    plane: ControlPlane, trial: Trial
) -> None:
    trial.start("suspend").reaches("PAUSED")
    until(lambda: not alive(trial.noted()[0]["pid"]) or None)
    with temporary_settings(
        {PREFECT_API_URL: plane.api_url, PREFECT_API_AUTH_STRING: plane.secret}
    ):
        cancel_run(trial.id, "overtaken by #2 v1.1.0")
    assert trial.ended_as() == "CANCELLED"
    assert trial.api.state(trial.id).message == "overtaken by #2 v1.1.0"
    assert len(trial.noted()) == 1


def test_a_run_outlives_the_parent_and_another_parent_follows(
    plane: ControlPlane, new_trial: Callable[[str], Trial]
) -> None:
    before, killed = new_trial("before").start("wait"), new_trial("killed").start("wait")
    before.noted()
    parent = parent_of(killed.noted()[0]["pid"])
    os.kill(parent, signal.SIGKILL)
    until(lambda: not alive(parent) or None)
    after = new_trial("after").start()
    assert after.noted()[0]["forked"]
    assert after.ended_as() == "COMPLETED"
    os.kill(killed.noted()[0]["pid"], signal.SIGKILL)
    assert killed.ended_as() == "CRASHED"
    before.let_go()
    assert before.ended_as() == "COMPLETED"


def test_the_parent_has_one_thread(trial: Trial) -> None:
    parent = parent_of(trial.start("wait").noted()[0]["pid"])
    assert len(list(Path(f"/proc/{parent}/task").iterdir())) == 1
    trial.let_go()
    assert trial.ended_as() == "COMPLETED"


def test_a_run_that_was_scheduled_starts_at_its_time(trial: Trial) -> None:
    deployment = trial.http.get("/deployments/name/trial/prod").raise_for_status().json()["id"]
    wanted = datetime.now(UTC) + timedelta(seconds=3)
    trial.id = (
        trial.http.post(
            f"/deployments/{deployment}/create_flow_run",
            json={
                "parameters": {"notes": str(trial.notes)},
                "state": {
                    "type": "SCHEDULED",
                    "state_details": {"scheduled_time": wanted.isoformat()},
                },
            },
        )
        .raise_for_status()
        .json()["id"]
    )
    assert trial.ended_as() == "COMPLETED"
    started = trial.http.get(f"/flow_runs/{trial.id}").raise_for_status().json()["start_time"]
    assert wanted <= datetime.fromisoformat(started) < wanted + timedelta(seconds=LOOK_SECONDS / 2)


@pytest.fixture
def plain_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that is set to no Prefect server: another installation of the test session may have
    set one."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


@pytest.mark.usefixtures("plain_shell")
def test_following_a_run_ends_as_the_run_ends(plane: ControlPlane, tmp_path: Path) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    for ending, code in (("", 0), ("fail", 1)):
        parameters = {"notes": str(tmp_path / f"notes{code}"), "ending": ending}
        assert start_and_follow(plane.settings, lambda: console, "trial/prod", parameters) == code
    assert "✓ Completed" in shown.getvalue()
    assert "it fails on purpose" in shown.getvalue()
    assert f"{plane.ui_url}/runs/flow-run/" in shown.getvalue()


@pytest.mark.usefixtures("plain_shell")
def test_starting_what_is_not_deployed_says_so(plane: ControlPlane) -> None:
    with pytest.raises(InputError, match=r"finding the deployment rollback/nowhere.*tidegate run"):
        start_and_follow(
            plane.settings, lambda: Console(file=io.StringIO()), "rollback/nowhere", {}
        )


@pytest.mark.usefixtures("plain_shell")
def test_starting_without_a_control_plane_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="does not answer"):
        start_and_follow(
            Settings(home=tmp_path, prefect_port=free_ports(1)[0]), Console, "rollback/prod", {}
        )

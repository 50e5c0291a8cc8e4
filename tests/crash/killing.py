"""Killing a flow run at a moment that the journal tells: from outside, by SIGKILL, as a machine
would."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import get_client

from cli.processes import Background
from tidegate.settings import Settings

LOOK_SECONDS = 0.002
MOST_SECONDS = 240


def process_of(run: UUID) -> list[int]:
    """The processes that work on a flow run: its own, which its worker told the server, and what
    that one started."""
    with get_client(sync_client=True) as client:
        own = int(client.read_flow_run(run).infrastructure_pid or 0)
    return [pid for pid in (own, *_started_by(run)) if pid and _is_alive(pid)]


def _started_by(run: UUID) -> Iterator[int]:
    """By the variable that a run hands on. A forked process shows the variables that its parent was
    started with."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if f"PREFECT__FLOW_RUN_ID={run}".encode() in (folder / "environ").read_bytes().split(
                b"\0"
            ):
                yield int(folder.name)


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def wait_for_step(
    settings: Settings,
    run: UUID,
    step: str,
    state: str,
    at_each_look: Callable[[], object] = lambda: None,
) -> None:
    """Until the journal shows `step` of the run in `state`, or past it."""
    query = (
        "SELECT steps.state FROM steps JOIN deployments ON deployments.id = steps.deployment_id "
        "WHERE deployments.run_id = ? AND steps.name = ?"
    )
    end = time.monotonic() + MOST_SECONDS
    with contextlib.closing(
        sqlite3.connect(f"file:{settings.home}/ledger.db?mode=ro", uri=True)
    ) as ledger:
        while not (row := ledger.execute(query, (str(run), step)).fetchone()) or row[0] not in (
            state,
            "done",
        ):
            assert time.monotonic() < end, f"the run never had {step} {state}"
            at_each_look()
            time.sleep(LOOK_SECONDS)


def kill_run_at(settings: Settings, run: UUID, step: str, state: str) -> None:
    """SIGKILL to the run's processes once its journal shows `step` in `state`.

    Its own process is known before, since a short step would be over while it is looked for. The
    one that a decision has suspended may live for a moment beside the decision: then another one
    goes on.
    """
    own = _own_process(run)

    def follow() -> None:
        nonlocal own
        if not _is_alive(own):
            own = _pid_of(run) or own

    wait_for_step(settings, run, step, state, follow)
    assert _is_alive(own), f"{own} has ended before {step} of the run {run} could be killed"
    os.kill(own, signal.SIGKILL)
    _kill_each(process_of(run))


def kill_run(run: UUID) -> None:
    """SIGKILL to the run's processes, now."""
    victims = process_of(run)
    assert victims, f"no process works on the run {run}"
    _kill_each(victims)


def _kill_each(victims: list[int]) -> None:
    for victim in victims:
        with contextlib.suppress(ProcessLookupError):  # the first one takes others with it
            os.kill(victim, signal.SIGKILL)


def _own_process(run: UUID) -> int:
    """Of a run that has just been started, or goes on."""
    end = time.monotonic() + MOST_SECONDS
    while not _is_alive(own := _pid_of(run)):
        assert time.monotonic() < end, f"no process works on the run {run}"
        time.sleep(0.05)
    return own


def _pid_of(run: UUID) -> int:
    """0 before there is one."""
    with get_client(sync_client=True) as client:
        return int(client.read_flow_run(run).infrastructure_pid or 0)


def kill_process(process: Background) -> None:
    """SIGKILL to a process of the control plane."""
    pid = process.pid()
    assert pid is not None, f"{process.name} does not run"
    os.kill(pid, signal.SIGKILL)

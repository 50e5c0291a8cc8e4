"""Killing a flow run at a moment that the journal tells: from outside, by SIGKILL, as a machine would."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from pathlib import Path
from uuid import UUID

from cli.processes import Background
from tidegate.settings import Settings

LOOK_SECONDS = 0.002
MOST_SECONDS = 240


def process_of(run: UUID) -> list[int]:
    """The processes that work on a flow run, by the variable that Prefect starts them with."""
    mark = f"PREFECT__FLOW_RUN_ID={run}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0") or mark[21:] in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def wait_for_step(settings: Settings, run: UUID, step: str, state: str) -> None:
    """Until the journal shows `step` of the run in `state`, or past it."""
    query = ("SELECT steps.state FROM steps JOIN deployments ON deployments.id = steps.deployment_id "
             "WHERE deployments.run_id = ? AND steps.name = ?")
    end = time.monotonic() + MOST_SECONDS
    with contextlib.closing(sqlite3.connect(f"file:{settings.home}/ledger.db?mode=ro", uri=True)) as ledger:
        while not (row := ledger.execute(query, (str(run), step)).fetchone()) or row[0] not in (state, "done"):
            assert time.monotonic() < end, f"the run never had {step} {state}"
            time.sleep(LOOK_SECONDS)


def kill_run(run: UUID) -> None:
    """SIGKILL to the run's processes."""
    victims = process_of(run)
    assert victims, f"no process works on the run {run}"
    for victim in victims:
        os.kill(victim, signal.SIGKILL)


def kill_process(process: Background) -> None:
    """SIGKILL to a process of the control plane."""
    pid = process.pid()
    assert pid is not None, f"{process.name} does not run"
    os.kill(pid, signal.SIGKILL)

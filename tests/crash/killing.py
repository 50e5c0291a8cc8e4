"""Killing a flow run at a moment that the journal tells: from outside, by SIGKILL, as a machine would."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path
from uuid import UUID

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


def kill_at(database: Path, run: UUID, step: str, state: str) -> None:
    """SIGKILL to the run's processes once the journal shows `step` of the run in `state`."""
    query = ("SELECT 1 FROM steps JOIN deployments ON deployments.id = steps.deployment_id "
             "WHERE deployments.run_id = ? AND steps.name = ? AND steps.state = ?")
    end = time.monotonic() + MOST_SECONDS
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as ledger:
        while ledger.execute(query, (str(run), step, state)).fetchone() is None:
            assert time.monotonic() < end, f"the run never had {step} {state}"
            time.sleep(LOOK_SECONDS)
    victims = process_of(run)
    assert victims, f"no process works on the run {run}"
    for victim in victims:
        os.kill(victim, signal.SIGKILL)

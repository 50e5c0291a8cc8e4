"""Runs that a worker has left: it was killed before they began, or they go on without it."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed, Scheduled

from control.run_body import name_of

LEFT = (StateType.PENDING, StateType.CANCELLING)
"""States in which a run waits for its worker."""
LOST = timedelta(minutes=2)
"""A run begins within a second, and is killed half a minute after it was told to end."""


def pid_of(run: FlowRun) -> int | None:
    """Of its process, where that lives on this machine."""
    pid = run.infrastructure_pid or ""
    with contextlib.suppress(OSError):
        if pid.isdigit() and Path("/proc", pid, "comm").read_text().strip() == name_of(run.id):
            return int(pid)
    return None


def is_lost(run: FlowRun) -> bool:
    """Whether it has been in its state for long, and has no process here."""
    return (
        run.state is not None
        and datetime.now(UTC) - run.state.timestamp > LOST
        and pid_of(run) is None
    )


def state_instead(run: FlowRun) -> State[Any]:
    """Of a run without a process."""
    if run.state is not None and run.state.is_cancelling():
        return Cancelled(message="Cancelled by a person; its process was gone already.")
    if run.auto_scheduled:
        return Crashed(message="Its worker was killed before it began. The next look begins anew.")
    return Scheduled()

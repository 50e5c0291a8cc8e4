"""Delete what was scheduled while nothing ran, and end what a machine that went down had begun.

Prefect would start hundreds of the same run at once, or none for some minutes: a look that is taken
to be going on still keeps the place of the next one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from cli.control_plane import ControlPlane

MOST_AT_ONCE = 200
LATE_SECONDS = 90
"""What is due now is still of use."""
BEGUN = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
BEGINS_SECONDS = 30
"""A run that was taken up just now has no process yet."""


def forget_late_runs(plane: ControlPlane) -> int:
    """Delete runs that a schedule made and whose time has long passed; those that a person or an
    event asked for stay."""
    past = datetime.now(UTC) - timedelta(seconds=LATE_SECONDS)
    late = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=past),
    )
    forgotten = 0
    with SyncPrefectClient(plane.api_url, auth_string=plane.secret) as client:
        while found := [
            run
            for run in client.read_flow_runs(flow_run_filter=late, limit=MOST_AT_ONCE)
            if run.auto_scheduled
        ]:
            for run in found:
                client.delete_flow_run(run.id)
            forgotten += len(found)
    return forgotten


def end_lost_runs(plane: ControlPlane) -> int:
    """End looks whose process has gone with the machine or its worker. Returns how many."""
    begun = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[*BEGUN])))
    before = datetime.now(UTC) - timedelta(seconds=BEGINS_SECONDS)
    with SyncPrefectClient(plane.api_url, auth_string=plane.secret) as client:
        lost = [
            run for run in client.read_flow_runs(flow_run_filter=begun) if _is_lost(run, before)
        ]
        for run in lost:
            client.set_flow_run_state(
                run.id,
                Crashed(message="Its process is gone. The next look begins anew."),
                force=True,
            )
    return len(lost)


def _is_lost(run: FlowRun, before: datetime) -> bool:
    """Only what a schedule has made: what people asked for, `recover/all` looks after."""
    is_young = run.state is None or run.state.timestamp > before
    pid = run.infrastructure_pid or ""
    return run.auto_scheduled and not is_young and not (pid and Path("/proc", pid).exists())

"""Delete what was scheduled while nothing ran. Prefect would start hundreds of the same run at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType

from cli.control_plane import ControlPlane

MOST_AT_ONCE = 200
LATE_SECONDS = 90
"""What is due now is still of use."""


def forget_late_runs(plane: ControlPlane) -> int:
    """Delete runs that a schedule made and whose time has long passed; those that a person or an event asked for stay."""
    past = datetime.now(UTC) - timedelta(seconds=LATE_SECONDS)
    late = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                         expected_start_time=FlowRunFilterExpectedStartTime(before_=past))
    forgotten = 0
    with SyncPrefectClient(plane.api_url, auth_string=plane.secret) as client:
        while found := [run for run in client.read_flow_runs(flow_run_filter=late, limit=MOST_AT_ONCE) if run.auto_scheduled]:
            for run in found:
                client.delete_flow_run(run.id)
            forgotten += len(found)
    return forgotten

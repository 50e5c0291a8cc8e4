"""Flow runs of Prefect, as far as one run must speak about another."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import UUID

from prefect import State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.runtime import deployment
from prefect.states import Cancelled, Completed


def cancel_run(run_id: str, message: str) -> None:
    """End a run that waits for a decision which can no longer count."""
    set_run(run_id, Cancelled(message=message))


def set_run(run_id: str, state: State[Any]) -> None:
    """Whatever the run's state is. One that Prefect has forgotten is ended already."""
    with get_client(sync_client=True) as client:
        try:
            client.set_flow_run_state(UUID(run_id), state, force=True)
        except ObjectNotFound:
            return


QUIET = "All well"
"""Name of the state in which a look ends that has nothing to say."""
MOST_FORGOTTEN = 200


def quiet() -> State[None]:
    return Completed(name=QUIET, message="nothing to do")


def forget_quiet_runs() -> None:
    """Delete earlier looks of this deployment that had nothing to say: they would hide the runs that a person looks for.

    So are those deleted that were not begun because one was going on.
    """
    if deployment.id is None:   # it was called, and not started by a schedule or a person
        return
    of_mine = FlowRunFilterDeploymentId(any_=[UUID(str(deployment.id))])
    for state in (FlowRunFilterState(name=FlowRunFilterStateName(any_=[QUIET])),
                  FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLED]))):
        _delete(FlowRunFilter(deployment_id=of_mine, state=state))


def _delete(found: FlowRunFilter) -> None:
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=found, limit=MOST_FORGOTTEN):
            if run.start_time is None or run.state_name == QUIET:
                with contextlib.suppress(ObjectNotFound):
                    client.delete_flow_run(run.id)

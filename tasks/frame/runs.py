"""Flow runs of Prefect, as far as one run must speak about another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from prefect import State
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
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


def run_state(run_id: str) -> State[Any] | None:
    """None where Prefect has forgotten it."""
    with get_client(sync_client=True) as client:
        try:
            return client.read_flow_run(UUID(run_id)).state
        except ObjectNotFound:
            return None


def was_set_by_hand(run_id: str) -> bool:
    """Whether a run was made *Running* or *Pending* out of its pause: no process is behind it. One
    that was resumed is scheduled first."""
    with get_client(sync_client=True) as client:
        states = sorted(
            client.read_flow_run_states(UUID(run_id)), key=lambda state: state.timestamp
        )
    return (
        len(states) > 1
        and states[-2].is_paused()
        and (states[-1].is_running() or states[-1].is_pending())
    )


QUIET = "All well"
"""Name of the state in which a look ends that has nothing to say."""
MOST_FORGOTTEN = 50


def quiet() -> State[None]:
    return Completed(name=QUIET, message="nothing to do")


def forget_needless_looks() -> None:
    """Delete earlier looks of this deployment that say nothing new: they would hide the runs that a
    person looks for.

    These had nothing to say, were not begun because one was going on, or failed with the words of a
    later one.
    """
    if deployment.id is None:  # it was called, and not started by a schedule or a person
        return
    with get_client(sync_client=True) as client:
        for run in _needless(client, FlowRunFilterDeploymentId(any_=[UUID(str(deployment.id))])):
            with contextlib.suppress(ObjectNotFound):
                client.delete_flow_run(run.id)


def _needless(client: SyncPrefectClient, mine: FlowRunFilterDeploymentId) -> Iterator[FlowRun]:
    said = set[str | None]()
    ended = FlowRunFilterState(name=FlowRunFilterStateName(any_=[QUIET, "Cancelled", "Failed"]))
    for run in client.read_flow_runs(
        flow_run_filter=FlowRunFilter(deployment_id=mine, state=ended),
        limit=MOST_FORGOTTEN,
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
    ):
        words = run.state.message if run.state else None
        is_again = run.state_type == StateType.FAILED and words in said
        if (
            run.state_name == QUIET
            or is_again
            or (run.state_type == StateType.CANCELLED and run.start_time is None)
        ):
            yield run
        elif run.state_type == StateType.FAILED:
            said.add(words)

"""The work pool of our worker. Imports Prefect."""

from __future__ import annotations

from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled

WORK_POOL = TYPE = "tidegate"
# the server wants something here; the worker reads nothing
NOTHING_TO_SET: dict[str, Any] = {
    "job_configuration": {"starts": "the flows of prefect.yaml"},
    "variables": {"type": "object", "properties": {}, "additionalProperties": False},
}
NOT_BEGUN = FlowRunFilter(
    state=FlowRunFilterState(
        type=FlowRunFilterStateType(any_=[StateType.PAUSED, StateType.SCHEDULED])
    )
)
REPLACED = (
    "Its work pool was of the kind of Tidegate 0.1 and was replaced, "
    "so it cannot go on. Start it again"
)


def make_work_pool(api_url: str, secret: str) -> None:
    """Have it as it is here, however often this is called. `secret` is the auth string of the
    server at `api_url`. By the API: Prefect's command line takes seconds to import."""
    pool = WorkPoolCreate(name=WORK_POOL, type=TYPE, base_job_template=NOTHING_TO_SET)
    with SyncPrefectClient(api_url, auth_string=secret) as client:
        _remove_of_other_type(client)
        client.create_work_pool(pool, overwrite=True)


def _remove_of_other_type(client: SyncPrefectClient) -> None:
    """Its runs would wait for ever in a queue that is gone; the deployments are registered again by
    `tidegate run`."""
    try:
        found = client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        return
    if found.type == TYPE:
        return
    pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[WORK_POOL]))
    while runs := client.read_flow_runs(flow_run_filter=NOT_BEGUN, work_pool_filter=pool):
        for run in runs:
            _take_out(client, run)
    client.delete_work_pool(WORK_POOL)


def _take_out(client: SyncPrefectClient, run: FlowRun) -> None:
    if run.auto_scheduled:
        # a cancelled one would keep its minute, in which nothing would run
        client.delete_flow_run(run.id)
    else:
        client.set_flow_run_state(run.id, Cancelled(message=REPLACED), force=True)

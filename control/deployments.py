"""`python -m control.deployments`: register the deployments with Prefect, as prefect.yaml and the
stack files say.

By the API: Prefect's command line takes seconds to import, and knows nothing of our
environments."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    DeploymentScheduleUpdate,
    DeploymentUpdate,
)
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.flows import load_flow_from_entrypoint

from control.registered import note_registered
from control.served import Entry, fixed, for_each_environment
from control.work_pool import WORK_POOL
from tidegate.errors import TidegateError
from tidegate.settings import Settings
from tidegate.stack.choices import Choices, choices

Schema = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One deployment as it must be."""

    flow: str
    name: str
    fields: Mapping[str, Any]
    """What is compared with what Prefect has; another value there is put right."""
    schedules: Sequence[IntervalSchedule]
    limit: Mapping[str, Any]

    @property
    def full_name(self) -> str:
        return f"{self.flow}/{self.name}"


def register(settings: Settings) -> None:
    """Have each deployment as it must be, and none of an environment that is gone. Again: changes
    nothing."""
    now = choices(settings)
    every = list(wanted(now))
    with get_client(sync_client=True) as client:
        there = _those_there(client)
        for one in every:
            _put(client, one, there.get(one.full_name))
        for name, surplus in there.items():
            if name not in {one.full_name for one in every} and _is_ours(surplus, every):
                client.delete_deployment(surplus.id)
    note_registered(settings, now)


def wanted(now: Choices) -> Iterator[Wanted]:
    for entry in fixed():
        yield _wanted(entry, entry["name"], now.stacks, now.environments, entry["description"])
    for environment, stacks in now.places.items():
        for entry in for_each_environment():
            described = entry["description"].format(environment=environment)
            yield _wanted(entry, environment, stacks, [environment], described)


def _wanted(
    entry: Entry, name: str, stacks: Collection[str], environments: Collection[str], described: str
) -> Wanted:
    flow: Flow[..., Any] = load_flow_from_entrypoint(
        entry["entrypoint"], use_placeholder_flow=False
    )
    schema = flow.parameters.model_dump_for_openapi()
    lists = {"stack": sorted(stacks), "environment": sorted(environments)}
    given = {} if entry in fixed() else {"environment": name}
    return Wanted(
        flow.name,
        name,
        {
            "entrypoint": entry["entrypoint"],
            "description": described,
            "tags": [name],
            "parameters": given,
            "parameter_openapi_schema": _with_lists(schema, lists),
            "enforce_parameter_schema": True,
            "path": None,
            "pull_steps": [],
            "job_variables": {},
            "work_pool_name": WORK_POOL,
        },
        [_schedule(one) for one in entry.get("schedules", ())],
        entry.get("concurrency_limit", {}),
    )


def _with_lists(schema: Schema, lists: Mapping[str, Collection[str]]) -> Schema:
    """The schema of a form in which these parameters are lists to pick from."""

    def listed(name: str, field: Schema) -> Schema:
        if not lists.get(name):
            return field
        if "anyOf" in field:  # it may be left out
            return {
                **field,
                "anyOf": [
                    {**one, "enum": lists[name]} if one.get("type") == "string" else one
                    for one in field["anyOf"]
                ],
            }
        return {**field, "enum": lists[name]}

    return {
        **schema,
        "properties": {name: listed(name, field) for name, field in schema["properties"].items()},
    }


def _schedule(said: Mapping[str, Any]) -> IntervalSchedule:
    anchor = {"anchor_date": said["anchor_date"]} if "anchor_date" in said else {}
    return IntervalSchedule(interval=timedelta(seconds=said["interval"]), **anchor)


def _those_there(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    """All that Prefect has by the names of flow and deployment, also those whose work pool is
    gone."""
    found: list[DeploymentResponse] = []
    while page := client.read_deployments(limit=200, offset=len(found)):
        found += page
    flows = {one.flow_id: client.read_flow(one.flow_id).name for one in found}
    return {f"{flows[one.flow_id]}/{one.name}": one for one in found}


def _put(client: SyncPrefectClient, one: Wanted, there: DeploymentResponse | None) -> None:
    if there is None:
        options = one.limit and ConcurrencyOptions(
            collision_strategy=one.limit["collision_strategy"]
        )
        client.create_deployment(
            client.create_flow_from_name(one.flow),
            one.name,
            **one.fields,
            concurrency_limit=one.limit.get("limit"),
            concurrency_options=options or None,
            schedules=[DeploymentScheduleCreate(schedule=schedule) for schedule in one.schedules],
        )
        return
    known = there.model_dump(mode="json")
    if any((known[name] or None) != (value or None) for name, value in one.fields.items()):
        client.update_deployment(there.id, DeploymentUpdate(**one.fields))
    if _intervals(one.schedules) != _intervals([schedule.schedule for schedule in there.schedules]):
        client.update_deployment(
            there.id,
            DeploymentUpdate(
                schedules=[
                    DeploymentScheduleUpdate(schedule=schedule) for schedule in one.schedules
                ]
            ),
        )


def _intervals(schedules: Sequence[Any]) -> list[timedelta | None]:
    """A schedule that a person has paused is the same one."""
    return [getattr(one, "interval", None) for one in schedules]


def _is_ours(there: DeploymentResponse, every: Collection[Wanted]) -> bool:
    """What a person has made of our flows has other tags than its name."""
    return there.tags == [there.name] and there.entrypoint in {
        one.fields["entrypoint"] for one in every
    }


if __name__ == "__main__":
    try:
        register(Settings())
    except TidegateError as error:
        sys.exit(str(error))

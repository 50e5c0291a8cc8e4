"""prefect.yaml: every deployment names a flow that loads, and is there once or once for each
environment."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

from cli.automations import FROM_THE_EVENT, INCIDENT
from control.served import fixed, for_each_environment
from control.work_pool import WORK_POOL

EACH = [
    {**one, "name": "{environment}", "tags": ["{environment}"]} for one in for_each_environment()
]
DEPLOYMENTS: list[dict[str, Any]] = [*fixed(), *EACH]
ENTRYPOINTS = sorted({deployment["entrypoint"] for deployment in DEPLOYMENTS})
LEAST_INTERVAL = timedelta(seconds=60)


def flow_of(entrypoint: str) -> Flow[..., Any]:
    """Loaded for real: a placeholder would hide an import that fails."""
    return load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)


def full_name(deployment: dict[str, Any]) -> str:
    return f"{flow_of(deployment['entrypoint']).name}/{deployment['name']}"


@pytest.fixture(
    params=DEPLOYMENTS, ids=lambda one: f"{one['entrypoint'].split(':')[-1]}/{one['name']}"
)
def deployment(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_every_parameter_of_a_flow_is_described(entrypoint: str) -> None:
    properties = flow_of(entrypoint).parameters.properties
    assert [name for name, schema in properties.items() if not schema.get("description")] == []


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_every_flow_says_what_it_does_and_has_a_sentence_for_its_runs(entrypoint: str) -> None:
    flow = flow_of(entrypoint)
    assert flow.description
    assert isinstance(flow.flow_run_name, str)
    assert " " in flow.flow_run_name


def test_the_flow_of_an_environments_deployment_is_told_which_one() -> None:
    for one in EACH:
        assert "environment" in (flow_of(one["entrypoint"]).parameters.required or [])
        assert "{environment}" in one["description"]


def test_every_deployment_is_described_tagged_and_in_the_pool(deployment: dict[str, Any]) -> None:
    assert deployment["description"].endswith(".")
    assert deployment["tags"]
    assert deployment["work_pool"] == {"name": WORK_POOL}


def test_entrypoints_are_modules_because_paths_would_load_a_file_twice(
    deployment: dict[str, Any],
) -> None:
    assert deployment["entrypoint"].startswith("flows.")
    assert "/" not in deployment["entrypoint"]


def test_a_scheduled_deployment_needs_nothing_from_a_person(deployment: dict[str, Any]) -> None:
    schedules = deployment.get("schedules", [])
    assert all(timedelta(seconds=schedule["interval"]) >= LEAST_INTERVAL for schedule in schedules)
    if schedules:
        given = deployment.get("parameters", {})
        assert set(flow_of(deployment["entrypoint"]).parameters.required or []) <= set(given)


def test_no_two_deployments_have_one_name() -> None:
    assert [name for name, count in Counter(map(full_name, DEPLOYMENTS)).items() if count > 1] == []


def test_the_way_back_is_there_for_every_environment_that_is_released_to() -> None:
    names = set(map(full_name, EACH))
    assert {"release/{environment}", "rollback/{environment}"} <= names


def test_the_automation_gives_the_incident_what_it_needs() -> None:
    incident = next(one for one in DEPLOYMENTS if full_name(one) == INCIDENT)
    schema = flow_of(incident["entrypoint"]).parameters
    assert set(FROM_THE_EVENT) <= set(schema.properties)
    assert set(schema.required or []) <= set(FROM_THE_EVENT)

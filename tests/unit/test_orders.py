"""A run is one of our flows as it is, or it is refused with all that it asked for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse

from control.orders import order_for
from control.served import modules_of, served_entrypoints
from tidegate.errors import InputError

OURS = "flows.release:release"


def run(**fields: Any) -> FlowRun:
    return FlowRun(flow_id=uuid4(), **fields)


def deployment(**fields: Any) -> DeploymentResponse:
    return DeploymentResponse(**{"name": "prod", "flow_id": uuid4(), "entrypoint": OURS, **fields})


def test_a_flow_of_ours_is_carried_out_by_its_entrypoint() -> None:
    wanted = run()
    order = order_for(
        wanted, deployment(pull_steps=[], job_variables={}, path=None), served_entrypoints()
    )
    assert (order.run, order.entrypoint) == (wanted.id, OURS)


@pytest.mark.parametrize(
    "entrypoint",
    [
        None,
        "",
        "os:system",
        "flows/release.py:release",
        "flows.release:os",
        "flows.release:release ",
        "flows.release.release",
        "flows.release:release.fn",
        "tests.attacks.intruder:intrude",
        "../flows.release:release",
    ],
)
def test_another_entrypoint_is_refused(entrypoint: str | None) -> None:
    with pytest.raises(InputError, match="code that is not ours"):
        order_for(run(), deployment(entrypoint=entrypoint), served_entrypoints())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"path": "."}, "a folder"),
        ({"pull_steps": [{"x": {}}]}, "steps that fetch code"),
        ({"job_variables": {"env": {}}}, "job variables of its deployment"),
        ({"storage_document_id": uuid4()}, "a block"),
        ({"infrastructure_document_id": uuid4()}, "a block"),
    ],
)
def test_a_deployment_that_asks_for_more_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        order_for(run(), deployment(**fields), served_entrypoints())


def test_all_that_was_asked_for_is_named_and_no_value_of_it() -> None:
    with pytest.raises(InputError) as refusal:
        order_for(
            run(job_variables={"env": {"TOKEN": "s3cret-value"}, "image": "evil"}),
            deployment(pull_steps=[{"x": {"token": "s3cret-value"}}]),
            served_entrypoints(),
        )
    assert "('env', 'image')" in str(refusal.value)
    assert "steps that fetch code" in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


def test_names_from_outside_are_bounded_and_cleaned() -> None:
    hostile = {f"\x1b[31m{number}{'x' * 1000}": 1 for number in range(100)}
    with pytest.raises(InputError) as refusal:
        order_for(
            run(job_variables=hostile),
            deployment(entrypoint="\x1b]0;x" + "y" * 10_000),
            served_entrypoints(),
        )
    assert "\x1b" not in str(refusal.value)
    assert len(str(refusal.value)) < 1500


def test_what_is_served_is_what_prefect_yaml_says() -> None:
    assert OURS in served_entrypoints()
    assert "flows.release" in modules_of(served_entrypoints())

"""What each service is for a release: left out, never twice, or there with the image of the compose
files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.compose_models import model
from tidegate.stack.roles import (
    alone_faults,
    left_out_faults,
    said_alone,
    unbuilt_faults,
    without_left_out,
)


def test_what_is_left_out_is_not_in_the_model() -> None:
    kept = without_left_out(model(adminer={"image": "adminer"}), ["adminer", "pgadmin"])
    assert set(kept["services"]) == {"backend", "mysql", "redis", "worker"}
    assert without_left_out(model(), []) == model()


@pytest.mark.parametrize(
    ("service", "where"),
    [
        ({"depends_on": {"redis": {"condition": "service_started"}}}, "depends_on.redis"),
        ({"links": ["redis:cache"]}, "links"),
        ({"volumes_from": ["redis:ro"]}, "volumes_from"),
        ({"network_mode": "service:redis"}, "network_mode"),
        ({"pid": "service:redis"}, "pid"),
    ],
)
def test_what_needs_a_service_that_is_left_out_is_named_by_its_path(
    service: Any, where: str
) -> None:
    faults = left_out_faults(without_left_out(model(worker=service), ["redis"]), ["redis"])
    assert list(faults) == [
        f"services.worker.{where}: redis is left out in stack.yaml, and worker needs it"
    ]


def test_what_can_do_without_it_is_no_fault() -> None:
    source = model(
        worker={"depends_on": {"redis": {"condition": "service_started", "required": False}}}
    )
    assert list(left_out_faults(without_left_out(source, ["redis"]), ["redis"])) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"worker": {"deploy": {"replicas": 2}}}, "services.worker: runs 2 times"),
        ({"worker": {"scale": 3}}, "services.worker: runs 3 times"),
        ({"worker": {"restart": "no"}}, "services.worker: does its work and ends"),
    ],
)
def test_what_cannot_be_stopped_first_or_would_run_twice_by_itself_is_refused(
    changes: Any, fault: str
) -> None:
    found = list(alone_faults(model(**changes), set(changes)))
    assert [text[: len(fault)] for text in found] == [fault]


def test_a_service_that_never_runs_twice_is_no_fault() -> None:
    assert list(alone_faults(model(), {"worker", "beat", "backend"})) == []


@pytest.mark.parametrize(
    ("labels", "is_alone"),
    [
        ({"tidegate.singleton": "true"}, True),
        ({"tidegate.singleton": "True"}, True),
        ({"tidegate.singleton": "false"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_the_compose_file_can_say_it_by_a_label(labels: Any, is_alone: bool) -> None:
    assert said_alone({"labels": labels}) is is_alone


def test_a_service_that_is_not_built_has_the_image_that_the_compose_files_name() -> None:
    assert list(unbuilt_faults(model(nginx={"image": "nginx:1.27"}), ["nginx", "gone"])) == []


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        (
            {"build": {"context": "/srv/nginx"}, "image": None},
            "services.worker.build: gives its image no name",
        ),
        (
            {"image": None},
            "services.worker.image: neither the compose files nor stack.yaml name one",
        ),
    ],
)
def test_a_service_without_an_image_is_a_fault(service: Any, fault: str) -> None:
    assert [text[: len(fault)] for text in unbuilt_faults(model(worker=service), ["worker"])] == [
        fault
    ]

"""What is a one-shot service, and when it is as it must be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.compose_models import model
from tidegate.facts import ContainerFacts
from tidegate.stack.one_shots import one_shots, work_of

SEED: dict[str, Any] = {"image": "seed:1", "networks": {"default": None}}
COMPLETED = {"condition": "service_completed_successfully", "required": True}


def test_a_service_whose_end_another_one_waits_for_is_one_shot_whatever_else_it_says() -> None:
    waited_for = model(
        seed={**SEED, "restart": "on-failure"}, backend={"depends_on": {"seed": COMPLETED}}
    )
    assert one_shots(waited_for, ["backend"]) == {"seed"}


@pytest.mark.parametrize(
    ("service", "is_one_shot"),
    [
        ({**SEED, "restart": "no"}, True),
        (SEED, False),
        ({**SEED, "restart": "unless-stopped"}, False),
        ({**SEED, "restart": "no", "ports": [{"target": 80}]}, False),
        ({**SEED, "restart": "no", "healthcheck": {"test": ["CMD", "true"]}}, False),
    ],
)
def test_a_service_that_is_not_to_run_again_is_one_shot_unless_it_serves(
    service: dict[str, Any], is_one_shot: bool
) -> None:
    assert ("seed" in one_shots(model(seed=service), [])) is is_one_shot


def test_a_service_that_the_stack_file_calls_a_server_is_none() -> None:
    assert one_shots(model(redis={"restart": "no"}), ["redis"]) == frozenset()


def test_other_work_is_another_definition_or_another_file() -> None:
    first = work_of(model(seed=SEED), "seed", {"seed.sql": "1"})
    assert work_of(model(seed=SEED, redis={"image": "redis:8"}), "seed", {"seed.sql": "1"}) == first
    assert work_of(model(seed=SEED), "seed", {"seed.sql": "2"}) != first
    assert work_of(model(seed={**SEED, "command": ["x"]}), "seed", {"seed.sql": "1"}) != first


@pytest.mark.parametrize(
    ("state", "code", "labels", "serves"),
    [
        ("running", 0, {}, True),
        ("exited", 0, {}, False),
        ("exited", 0, {"tidegate.one-shot": "x"}, True),
        ("exited", 1, {"tidegate.one-shot": "x"}, False),
        ("running", 0, {"tidegate.one-shot": "x"}, False),
        ("created", 0, {"tidegate.one-shot": "x"}, False),
    ],
)
def test_a_one_shot_service_is_as_it_must_be_when_it_has_ended_well(
    state: Any, code: int, labels: dict[str, str], serves: bool
) -> None:
    container = ContainerFacts("id", "seed", "seed", "", state, "none", 0, code, labels)
    assert container.serves is serves

"""A new container whose process has ended is seen at once, and who is to blame for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tasks.frame.open_environment import OpenEnvironment
from tasks.slots.health import refuse_dead
from tidegate.errors import EngineError, UnhealthyError
from tidegate.facts import ONE_SHOT_LABEL, ContainerFacts
from tidegate.secrecy.redaction import Redactor


def container(**other: Any) -> ContainerFacts:
    return ContainerFacts(
        **{
            "id": "a1",
            "name": "shop-2-web",
            "service": "web",
            "image_id": "sha256:1",
            "state": "running",
            "health": "starting",
            "restarts": 0,
            "exit_code": 0,
            "is_restarted": True,
            **other,
        }
    )


@pytest.fixture
def env() -> OpenEnvironment:
    host = SimpleNamespace(
        logs=lambda container: "KeyError: LICENSE", own_check=lambda container: None
    )
    return cast(OpenEnvironment, SimpleNamespace(host=host, redactor=Redactor()))


def test_one_that_starts_and_a_one_shot_that_ended_well_are_none(env: OpenEnvironment) -> None:
    refuse_dead(env, container())
    refuse_dead(env, container(state="exited", is_restarted=False, labels={ONE_SHOT_LABEL: "yes"}))


@pytest.mark.parametrize(
    "dead",
    [
        {"state": "restarting", "restarts": 1, "exit_code": 1},
        {"restarts": 1, "exit_code": 1},
        {"state": "dead", "exit_code": 137},
        {"state": "exited", "exit_code": 1, "is_restarted": False},
    ],
)
def test_a_version_is_to_blame_for_a_process_that_ends_by_itself(
    env: OpenEnvironment, dead: dict[str, Any]
) -> None:
    with pytest.raises(
        UnhealthyError,
        match=r"its process ended \(exit code \d+, restarted \d times\)[\s\S]*KeyError: LICENSE",
    ):
        refuse_dead(env, container(**dead))


def test_nobody_but_who_stopped_it_is_to_blame_for_one_that_was_stopped(
    env: OpenEnvironment,
) -> None:
    with pytest.raises(
        EngineError, match="it was stopped from outside, by somebody or with its engine"
    ) as raised:
        refuse_dead(env, container(state="exited", exit_code=143))
    assert raised.value.retryable


def test_an_exit_code_that_the_engine_has_forgotten_is_not_said(env: OpenEnvironment) -> None:
    """It says 0 of a process that it has started again."""
    with pytest.raises(UnhealthyError, match=r"its process ended \(restarted 1 times\)"):
        refuse_dead(env, container(restarts=1))


def test_one_without_a_health_check_that_runs_again_is_named_with_its_log(
    env: OpenEnvironment,
) -> None:
    """It serves, as far as the engine can tell, until it ends the next time."""
    with pytest.raises(UnhealthyError, match=r"starting shop-2-web: [\s\S]*KeyError: LICENSE"):
        refuse_dead(env, container(restarts=3, health="none"))

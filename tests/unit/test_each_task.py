"""What Prefect is told of each task and each flow: it keeps nothing that they return, and tries
again only what may pass."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow, State
from prefect.cache_policies import NO_CACHE
from prefect.logging import disable_run_logger
from prefect.tasks import Task

import flows
import tasks
from flows.adopt import adopt
from flows.base import base
from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from tasks.back.recovery import LOST_JOB_SECONDS, wait_for_lost_jobs
from tasks.data.base import START_SECONDS, start_base_services
from tasks.frame.step import is_retryable, step
from tests.unit.ledger_parts import ledger_url
from tests.unit.test_prefect_yaml import ENTRYPOINTS, flow_of

MODULES = [
    importlib.import_module(one.name)
    for package in (tasks, flows)
    for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
TASKS: dict[str, Task[..., Any]] = {
    f"{one.fn.__module__}.{name}": one
    for module in MODULES
    for name, one in vars(module).items()
    if isinstance(one, Task)
}
FLOWS: dict[str, Flow[..., Any]] = {one: flow_of(one) for one in ENTRYPOINTS}
ASKED_FOR_A_STACK = [one for one in ENTRYPOINTS if "stack" in FLOWS[one].parameters.properties]


def test_nothing_that_is_returned_is_kept_by_prefect() -> None:
    """What a task returns may have a secret in it."""
    made: dict[str, Any] = {**TASKS, **FLOWS}
    assert len(made) > 70
    assert [name for name, one in made.items() if one.persist_result is not False] == []


def test_the_answer_of_another_run_is_never_taken_for_its_own() -> None:
    assert [name for name, one in TASKS.items() if one.cache_policy != NO_CACHE] == []


def test_an_error_decides_whether_its_task_is_tried_again_and_each_time_waits() -> None:
    again = {name: one for name, one in TASKS.items() if one.retries}
    delays = {name: one.retry_delay_seconds for name, one in again.items()}
    assert {one.retry_condition_fn for one in again.values()} == {is_retryable}
    assert {name: len(found) for name, found in delays.items() if isinstance(found, list)} == {
        name: one.retries for name, one in again.items()
    }


def test_each_run_of_a_task_has_a_sentence_for_its_name() -> None:
    assert [name for name, one in TASKS.items() if " " not in str(one.task_run_name)] == []


def test_each_task_says_what_it_does() -> None:
    """Prefect shows it."""
    assert [name for name, one in TASKS.items() if not one.description] == []


def test_a_step_is_tried_after_one_second_and_after_five_unless_it_says_otherwise() -> None:
    plain = step("look", timeout_seconds=10)(lambda work: {})
    assert plain.retry_delay_seconds == [1, 5]


def test_what_says_what_it_leaves_is_a_task() -> None:
    """Without its decorator it would not be in the journal, and no run would show it."""
    plain = [
        f"{module.__name__}.{name}"
        for module in MODULES
        for name, one in vars(module).items()
        if inspect.isfunction(one) and "Leaves:" in (one.__doc__ or "")
    ]
    assert plain == []


def test_no_task_is_cut_short_while_it_works() -> None:
    """A time limit is for what hangs; of a task that waits it is longer than its own wait."""
    assert [name for name, one in TASKS.items() if not (one.timeout_seconds or 0) >= 10] == []
    assert (wait_for_lost_jobs.timeout_seconds or 0) > LOST_JOB_SECONDS
    assert (start_base_services.timeout_seconds or 0) > START_SECONDS


def test_a_flow_does_nothing_that_nobody_asked_for() -> None:
    given = {
        f"{name} {field}": one.get("default")
        for name, flow in FLOWS.items()
        for field, one in flow.parameters.properties.items()
        if one.get("type") == "boolean"
    }
    assert len(given) == 3
    assert set(given.values()) == {False}


@pytest.mark.parametrize(
    ("flow", "what"),
    [
        (adopt, "adoption"),
        (base, "base"),
        (release, "release"),
        (restore, "restore"),
        (rollback, "rollback"),
    ],
)
def test_whoever_asked_hears_of_what_was_refused(
    flow: Flow[..., Any], what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = list[tuple[str, ...]]()

    @contextmanager
    def tells(*given: str) -> Iterator[None]:
        told.append(given)
        yield

    monkeypatch.setattr("flows.refused.tell_when_refused", tells)
    monkeypatch.setenv("TIDEGATE_STACKS", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path))
    ledger_url(tmp_path)
    given = dict.fromkeys(flow.parameters.required or (), "nobody")
    with disable_run_logger():
        flow.fn(**given, requested_by="Mei")
    version = "nobody" if flow is release else ""
    assert told == [(what, "nobody", "nobody", version, "Mei")]


@pytest.mark.parametrize("name", ASKED_FOR_A_STACK)
def test_a_flow_that_is_asked_for_a_stack_that_nobody_knows_says_so_in_its_state(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A person reads that, and no traceback."""
    monkeypatch.setenv("TIDEGATE_STACKS", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_HOME", str(tmp_path))
    ledger_url(tmp_path)
    flow = FLOWS[name]
    given = dict.fromkeys((*(flow.parameters.required or ()), "stack"), "nobody")
    with disable_run_logger():
        ended: Any = flow.fn(**given)
    assert isinstance(ended, State)
    assert ended.is_failed()
    assert "nobody" in str(ended.message)

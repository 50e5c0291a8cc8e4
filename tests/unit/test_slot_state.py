"""What is there of a slot: whole or not, serving by its own check, running beside others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.slots import state
from tasks.slots.state import is_warm, is_whole, last_lines_of, running_slots, serves, warmth
from tests.unit.test_warmth import container
from tidegate.facts import PROJECT_LABEL, ContainerFacts, Outcome
from tidegate.secrecy.redaction import Redactor

SLOT = "shop-prod-7"


def environment(
    monkeypatch: pytest.MonkeyPatch, *found: ContainerFacts, taken_over: str | None = None
) -> Any:
    """`found` is what slot 7 has."""
    monkeypatch.setattr(
        state, "slot_state", lambda env, project: [*found] if project == SLOT else []
    )
    monkeypatch.setattr(state, "adopted_project", lambda env: taken_over)
    services = [SimpleNamespace(name="web"), SimpleNamespace(name="worker")]
    return SimpleNamespace(
        stack=SimpleNamespace(name="shop", services=services),
        name="prod",
        released=["web", "worker"],
        ledger=SimpleNamespace(deployments=SimpleNamespace(history=lambda *_: [])),
        redactor=Redactor({"PASSWORD": "hunter2-hunter2"}),
    )


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        (("web-7", "worker-7"), True),
        (("web-7", "worker-7", "old-7"), True),
        (("web-7",), False),
        ((), False),
    ],
)
def test_a_slot_is_whole_with_a_container_of_each_service(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], whole: bool
) -> None:
    there = [container(name, "none", "exited") for name in names]
    assert is_whole(environment(monkeypatch, *there), SLOT) is whole


@pytest.mark.parametrize("answer", [Outcome(0, "", ""), Outcome(1, "", ""), None])
def test_one_that_has_just_started_serves_when_its_own_check_says_so(
    monkeypatch: pytest.MonkeyPatch, answer: Outcome | None
) -> None:
    env = environment(monkeypatch)
    env.host = SimpleNamespace(own_check=lambda id: answer)
    is_well = answer is not None and answer.exit_code == 0
    assert serves(env, container("web-7", "starting")) is is_well
    assert serves(env, container("web-7", "healthy"))
    assert not serves(env, container("web-7", "unhealthy"))
    assert not serves(env, container("web-7", "starting", "exited"))


@pytest.mark.parametrize(("health", "warm"), [("healthy", True), ("unhealthy", False)])
def test_a_slot_is_warm_when_all_of_it_serves(
    monkeypatch: pytest.MonkeyPatch, health: Any, warm: bool
) -> None:
    env = environment(monkeypatch, container("web-7"), container("worker-7", health))
    assert is_warm(env, SLOT) is warm


def of_project(project: str, run: str) -> ContainerFacts:
    return ContainerFacts(
        **{**vars(container("web", "none", run)), "labels": {PROJECT_LABEL: project}}
    )


@pytest.mark.parametrize(
    ("taken_over", "run", "slots"),
    [
        (None, "running", {"shop-prod-5"}),
        (SLOT, "running", {"shop-prod-5", SLOT}),
        (SLOT, "exited", {"shop-prod-5"}),
    ],
)
def test_slots_that_run_are_found_also_where_they_were_taken_over(
    monkeypatch: pytest.MonkeyPatch, taken_over: str | None, run: Any, slots: set[str]
) -> None:
    env = environment(monkeypatch, container("web-7", "none", run), taken_over=taken_over)
    there = [of_project("shop-prod-5", "running"), of_project("shop-prod-6", "exited")]
    env.host = SimpleNamespace(containers=lambda labels: there)
    assert running_slots(env) == slots


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("a\nhunter2-hunter2\n\n", " The last 20 log lines of web-7:\na\n***\n"),
        ("\n", " web-7 logged nothing"),
        ("", " web-7 logged nothing"),
    ],
)
def test_the_last_lines_of_its_log_are_told_without_secrets(
    monkeypatch: pytest.MonkeyPatch, log: str, said: str
) -> None:
    env = environment(monkeypatch)
    env.host = SimpleNamespace(logs=lambda id: log)
    assert last_lines_of(env, container("web-7")) == said


@pytest.mark.parametrize(
    ("services", "was"), [(None, "stopped"), ({"web-7"}, "warm"), ({"web-7", "gone-7"}, "gone")]
)
def test_of_a_slot_all_counts_or_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, services: set[str] | None, was: str
) -> None:
    there = [container("web-7"), container("worker-7"), container("older-7", "unhealthy")]
    assert warmth(environment(monkeypatch, *there), SLOT, services) == was

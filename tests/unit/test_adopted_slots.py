"""The slot of what was taken over: the team's own containers, by the names of a slot, stopped and
started one by one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.slots import adopted
from tasks.slots.adopted import (
    _taken,
    adopted_project,
    adopted_state,
    is_adopted,
    start_again,
    stop,
)
from tests.unit.test_alone import container
from tidegate.facts import ONE_SHOT_LABEL, PROJECT_LABEL, ContainerFacts

SLOT = "shop-prod-7"


def facts(id: str, service: str, project: str = "shop-prod") -> ContainerFacts:
    return ContainerFacts(**{**vars(container(project, service)), "id": id})


class Host:
    """Web and a job of the team's were taken over; the database was not. `own` is a slot that
    Tidegate made of their images since."""

    def __init__(self, patch: pytest.MonkeyPatch, *, known: bool = True, own: bool = False) -> None:
        self.done = list[tuple[Any, ...]]()
        there = {
            "shop-prod": [facts("a", "web"), facts("b", "job"), facts("c", "db")],
            SLOT: [facts("d", "web-7", SLOT)] if own else [],
        }
        noted = [{"id": "a", "ended": False}, {"id": "b", "ended": True}] if known else []
        patch.setattr(adopted, "adopted", lambda ledger, stack, name, project: noted)
        for name in ("open_called", "let_go_of_ports"):
            patch.setattr(adopted, name, lambda env, *_, name=name: self.done.append((name,)))
        self.env: Any = SimpleNamespace(
            stack=SimpleNamespace(name="shop"),
            name="prod",
            base_project="shop-prod",
            ledger=None,
            edge=SimpleNamespace(route=lambda stack, name: None),
            host=SimpleNamespace(containers=lambda labels: there[labels[PROJECT_LABEL]]),
            by_hand=SimpleNamespace(stop=self._note("by hand stop"), start=self._note("start")),
            compose=SimpleNamespace(
                stop=self._note("compose stop"), start_again=self._note("compose start")
            ),
        )

    def _note(self, what: str) -> Any:
        return lambda *given: self.done.append((what, *given))


def test_its_containers_have_the_names_of_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    found = adopted_state(Host(monkeypatch).env, SLOT)
    assert [(one.id, one.service, one.labels[PROJECT_LABEL]) for one in found] == [
        ("a", "web-7", SLOT),
        ("b", "job-7", SLOT),
    ]
    assert [ONE_SHOT_LABEL in one.labels for one in found] == [False, True]
    assert adopted_state(Host(monkeypatch, known=False).env, SLOT) == []


@pytest.mark.parametrize(
    ("known", "own", "says"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_slot_that_was_made_since_is_none_of_the_team_s(
    monkeypatch: pytest.MonkeyPatch, known: bool, own: bool, says: bool
) -> None:
    assert is_adopted(Host(monkeypatch, known=known, own=own).env, SLOT) is says


@pytest.mark.parametrize("services", [None, {"web-7"}, {"web-7", "job-7"}])
def test_those_that_run_on_are_stopped_and_started_by_themselves(
    monkeypatch: pytest.MonkeyPatch, services: set[str] | None
) -> None:
    """Their ports are free for a forwarder meanwhile."""
    host = Host(monkeypatch)
    stop(host.env, SLOT, 10, services)
    start_again(host.env, SLOT, services)
    assert host.done == [
        ("by hand stop", ["a"], 10),
        ("open_called",),
        ("let_go_of_ports",),
        ("start", ["a"]),
    ]


def test_a_service_that_is_not_meant_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch)
    stop(host.env, SLOT, 10, {"other-7"})
    assert host.done[0] == ("by hand stop", [], 10)


def test_a_slot_of_ours_is_stopped_and_started_by_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, own=True)
    stop(host.env, SLOT, 10)
    start_again(host.env, SLOT)
    assert host.done == [("compose stop", SLOT, 10, None), ("compose start", SLOT, None)]


def test_what_did_its_work_once_is_not_led_to(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = [{"id": "a", "ended": False}, {"id": "b", "ended": True}]
    assert [one["id"] for one in _taken(noted)] == ["a"]


def test_the_newest_takeover_has_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch)
    monkeypatch.setattr(adopted, "adoption_of", lambda *_: None)
    assert adopted_project(host.env) is None
    monkeypatch.setattr(adopted, "adoption_of", lambda *_: SimpleNamespace(slot=SLOT))
    assert adopted_project(host.env) == SLOT

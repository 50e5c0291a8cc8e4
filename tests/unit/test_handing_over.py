"""How services that never run twice are stopped and started: with their own time to stop, their own
budget to start, and only where they are not as they must be."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.slots import handing_over
from tasks.slots.handing_over import _budget, _is_proved, _start, _stop
from tests.unit.test_alone import container
from tidegate.errors import FencedError
from tidegate.facts import ContainerFacts

FENCED = FencedError("changing", "another owner", "Wait")


class Handing:
    """What is asked of the engine for one release into `shop-prod-7`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.done, self.fences = list[tuple[Any, ...]](), list[bool]()
        self.there, self.waited = list[ContainerFacts](), list[tuple[float, bool]]()
        services = [
            SimpleNamespace(name=name, stop_grace_seconds=grace, start_budget_seconds=budget)
            for name, grace, budget in (("beat", 10, 20), ("cron", 45, 90), ("web", 300, 300))
        ]
        self.work: Any = SimpleNamespace(
            env=SimpleNamespace(stack=SimpleNamespace(services=services)),
            project="shop-prod-7",
            deployment=SimpleNamespace(kind="release"),
            check_fence=self._check_fence,
        )
        for name in ("stop", "start_again"):
            patch.setattr(
                handing_over, name, lambda env, *given, name=name: self.done.append((name, *given))
            )
        patch.setattr(handing_over, "up", lambda work, names: self.done.append(("up", names)))
        patch.setattr(handing_over, "slot_state", lambda env, project: self.there)
        patch.setattr(handing_over, "wait_for", self._wait_for)
        patch.setattr(handing_over, "_refuse_short_lived", lambda *_: self.done.append(("steady",)))

    def _check_fence(self) -> None:
        self.done.append(("fence",))
        if self.fences and self.fences.pop(0):
            raise FENCED

    def _wait_for(
        self,
        env: Any,
        project: str,
        services: set[str],
        budget: float,
        *,
        while_waiting: Any,
        proved_before: bool,
    ) -> None:
        self.waited.append((budget, proved_before))


@pytest.fixture
def handing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Handing]:
    with disable_run_logger():
        yield Handing(monkeypatch)


def one(name: str, state: str = "running", project: str = "shop-prod-6") -> ContainerFacts:
    number = project.rpartition("-")[2]
    facts = {**vars(container(project, f"{name}-{number}")), "state": state}
    return ContainerFacts(**facts)


def test_each_has_the_longest_time_that_one_of_them_needs(handing: Handing) -> None:
    _stop(handing.work, [one("beat"), one("cron")])
    assert handing.done == [("fence",), ("stop", "shop-prod-6", 45, {"beat-6", "cron-6"})]


def test_one_that_the_stack_file_does_not_name_has_half_a_minute(handing: Handing) -> None:
    _stop(handing.work, [one("old")])
    assert handing.done == [("fence",), ("stop", "shop-prod-6", 30, {"old-6"})]


def test_only_what_runs_is_stopped_and_each_project_by_itself(handing: Handing) -> None:
    """The lock is looked at before each."""
    _stop(
        handing.work,
        [one("beat"), one("beat", "paused", "shop-prod-5"), one("cron", "exited", "shop-prod-4")],
    )
    assert handing.done == [
        ("fence",),
        ("stop", "shop-prod-5", 45, {"beat-5"}),
        ("fence",),
        ("stop", "shop-prod-6", 45, {"beat-6"}),
    ]


def test_what_sleeps_is_started_again_and_what_is_not_there_is_made(handing: Handing) -> None:
    handing.there = [one("beat", "exited", "shop-prod-7"), one("web", "running", "shop-prod-7")]
    _start(handing.work, "shop-prod-7", ["beat-7", "web-7", "cron-7"], 90)
    assert handing.done == [
        ("fence",),
        ("start_again", "shop-prod-7", {"beat-7"}),
        ("up", {"cron-7"}),
        ("fence",),
        ("steady",),
    ]
    assert handing.waited == [(90, False)]


def test_what_runs_already_is_only_waited_for(handing: Handing) -> None:
    handing.there = [one("beat", "running", "shop-prod-6")]
    _start(handing.work, "shop-prod-6", ["beat-6"], 20)
    assert handing.done == [("fence",), ("fence",)]
    assert handing.waited == [(20, True)]


def test_whoever_is_taken_over_meanwhile_stops_it_at_once(handing: Handing) -> None:
    handing.fences = [False, True]
    with pytest.raises(FencedError):
        _start(handing.work, "shop-prod-7", ["beat-7"], 20)
    assert handing.done[-1] == ("stop", "shop-prod-7", 0, ["beat-7"])
    assert handing.waited == []


@pytest.mark.parametrize(
    ("names", "seconds"), [({"beat"}, 20), ({"beat", "cron"}, 90), ({"old"}, 60), (set(), 60)]
)
def test_the_budget_is_the_longest_of_theirs(
    handing: Handing, names: set[str], seconds: float
) -> None:
    assert _budget(handing.work.env, names) == seconds


@pytest.mark.parametrize(
    ("kind", "project", "is_proved"),
    [
        ("release", "shop-prod-7", False),
        ("release", "shop-prod-6", True),
        ("rollback", "shop-prod-7", True),
    ],
)
def test_only_a_new_version_must_prove_itself(
    handing: Handing, kind: str, project: str, is_proved: bool
) -> None:
    handing.work.deployment.kind = kind
    assert _is_proved(handing.work, project) is is_proved

"""Two runs at once; and seven of the things that keep an environment whole: without one of them,
these suites fail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, asked
from tests.flows.base_stories import NEVER_BECOMES_HEALTHY
from tests.flows.conftest import Library
from tests.flows.stories import STORIES, TWO, Story
from tests.flows.trying import Found, failed, killed, overtaken
from tidegate.errors import EngineError
from tidegate.ledger.locks import Locks
from tidegate.ledger.store import Writing
from tidegate.ledger.tables import Step

RELEASE = Story("a release over two others", release, asked("v1.1.0"), before=TWO, serves="v1.1.0")
FAILING = next(story for story in STORIES if story.name == "a version that fails its checks")
DYING = next(story for story in STORIES if story.name == "a version whose scheduler dies")
MIGRATING = next(story for story in STORIES if story.name == "a release with a migration")


def rolled_back_meanwhile(library: Library, only: str = "") -> tuple[int, Found]:
    return overtaken(library, RELEASE, rollback, ROLLBACK, only, takes_over=True)


def released_meanwhile(library: Library, only: str = "") -> tuple[int, Found]:
    return overtaken(library, RELEASE, release, asked("v1.2.0"), only)


@pytest.mark.parametrize(
    "step",
    ["start-slot", "offer-candidate", "hand-over-alone", "shift-traffic", "watch", "settle-route"],
)
def test_a_rollback_may_take_over_before_and_after_a_step(
    library: Library, step: str, record_property: Callable[[str, object], None]
) -> None:
    """The first run wakes up late and writes nothing. Not in the middle of a call to the engine,
    which knows no fence."""
    cases, found = rolled_back_meanwhile(library, f"prod/shop/3/{step}: ledger")
    record_property("cases", cases)
    assert found == {}
    assert cases > 1


def test_a_rollback_may_take_over_while_a_scheduler_is_handed_over(
    library: Library, record_property: Callable[[str, object], None]
) -> None:
    """Also in the middle of a call to the engine: whoever was taken over stops what it has just
    started."""
    cases, found = rolled_back_meanwhile(library, "prod/shop/3/hand-over-alone: container")
    record_property("cases", cases)
    assert found == {}
    assert cases > 1


def test_another_release_may_come_at_any_moment(
    library: Library, record_property: Callable[[str, object], None]
) -> None:
    cases, found = released_meanwhile(library)
    record_property("cases", cases)
    assert found == {}


def never_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Step, "is_done", False)


def nothing_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("flows.put_back", "flows.recover"):
        monkeypatch.setattr(sys.modules[name], "put_back", lambda work, error: None)


def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Locks.acquire

    def acquire(locks: Locks, *args: Any, **kwargs: Any) -> Any:
        return whole(locks, *args, **{**kwargs, "take_over": True})

    monkeypatch.setattr(Locks, "acquire", acquire)
    monkeypatch.setattr(Locks, "refuse_held", lambda *_, **__: None)


def no_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writing, "guard", lambda *_: None)


def nothing_is_stopped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.slots.handing_over._stop", lambda *_: None)


def nothing_is_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["flows.put_back"], "hand_back_alone", lambda work: None)


def no_base_service_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["flows.base"], "put_base_back", lambda work: None)


def asking_fails(call: str) -> EngineError:
    return EngineError(f"asking {call}", "it failed", "Look why")


OFTEN = 10
"""Of these stories more moments are tried than of all: what is broken shows at some of them."""
BROKEN: Mapping[
    str, tuple[Callable[[pytest.MonkeyPatch], None], Callable[[Library], tuple[int, Found]]]
] = {
    "what is done is done again": (never_done, lambda library: killed(library, MIGRATING, OFTEN)),
    "nothing is put back": (
        nothing_is_put_back,
        lambda library: failed(library, FAILING, asking_fails, OFTEN),
    ),
    "a scheduler is started before the old one ends": (
        nothing_is_stopped_first,
        lambda library: killed(library, RELEASE, OFTEN),
    ),
    "a scheduler is not started again": (
        nothing_is_handed_back,
        lambda library: killed(library, DYING, OFTEN),
    ),
    "a base service is left as it failed": (
        no_base_service_is_put_back,
        lambda library: killed(library, NEVER_BECOMES_HEALTHY, OFTEN),
    ),
    "two runs change at once": (
        no_lock,
        lambda library: released_meanwhile(library, "publish-record"),
    ),
    "a run that was taken over goes on": (
        no_fence,
        lambda library: rolled_back_meanwhile(library, "prod/shop/3/watch: ledger"),
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_without_its_guard_an_environment_does_not_stay_whole(
    library: Library, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    breaks, suite = BROKEN[broken]
    for story in (FAILING, DYING, MIGRATING, RELEASE, NEVER_BECOMES_HEALTHY):
        library.begin(story)  # the states in which they begin are whole, and kept for others
    breaks(monkeypatch)
    _, found = suite(library)
    assert found

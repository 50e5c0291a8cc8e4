"""When a way back does not arrive a person is called, and reads both: why, and what it began with.
And what a rollback puts back that was in the middle of a change."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.exceptions import TerminationSignal

from flows.put_back import end_interrupted, stop_and_ask_on_failure, undone_on_failure
from tidegate.errors import EngineError, FencedError, SmokeError, TidegateError, WayBackError

MODULE = sys.modules[end_interrupted.__module__]
BECAUSE = SmokeError("asking", "home: 500", "Correct it")
WORK: Any = SimpleNamespace(
    title="shop prod #2",
    env=SimpleNamespace(name="prod"),
    deployment=SimpleNamespace(kind="release", rollback_target_id="id-1"),
)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done about it, in order."""
    said = list[str]()
    for name in ("leave_to_person", "close_failed"):
        monkeypatch.setattr(
            MODULE, name, lambda work, error, name=name: said.append(f"{name}: {error}")
        )
    monkeypatch.setattr(MODULE, "tell", lambda work, kind, error: said.append(kind))
    monkeypatch.setattr(MODULE, "refresh", lambda work: work)
    monkeypatch.setattr(MODULE, "is_good", lambda work: False)
    return said


def failed(error: BaseException, because: BaseException | None = BECAUSE, **other: Any) -> Any:
    with pytest.raises(BaseException) as raised, stop_and_ask_on_failure(WORK, because, **other):  # noqa: PT011
        raise error
    return raised.value


@pytest.mark.parametrize(
    ("error", "kind", "doing", "came_back"),
    [
        (
            EngineError("starting web", "no room", "Free some"),
            EngineError,
            "starting web",
            "the way back did not arrive: starting web: no room. Free some. It began with: asking: "
            "home: 500. Correct it",
        ),
        (
            KeyError("a"),
            EngineError,
            "putting the old version back",
            "the way back did not arrive: 'a'. It began with: asking: home: 500. Correct it",
        ),
        (
            WayBackError("going back", "data would be lost", "Decide"),
            WayBackError,
            "going back",
            "data would be lost. It began with: asking: home: 500. Correct it",
        ),
        (
            TerminationSignal(15),
            EngineError,
            "putting the old version back",
            "the way back did not arrive: the run was cancelled. It began with: asking: home: 500. "
            "Correct it",
        ),
    ],
)
def test_a_person_reads_both_errors(
    said: list[str],
    error: BaseException,
    kind: type[TidegateError],
    doing: str,
    came_back: str,
) -> None:
    raised = failed(error)
    assert type(raised) is kind
    assert (raised.doing, raised.came_back) == (doing, came_back)
    assert raised.__cause__ is BECAUSE
    assert said == [f"leave_to_person: {raised}", "needs_person"]


def test_where_nothing_went_before_the_error_is_told_as_it_is(said: list[str]) -> None:
    error = EngineError("starting web", "no room", "Free some")
    assert failed(error, None) is error
    assert said == [f"leave_to_person: {error}", "needs_person"]


def test_nobody_is_called_where_a_newer_rollback_has_taken_over_or_nothing_was_changed(
    said: list[str],
) -> None:
    fenced = FencedError("changing", "another owner", "Wait")
    assert failed(fenced) is fenced
    error = KeyError("a")
    assert failed(error, only_if=lambda work: False) is error
    assert said == []


def undone(error: BaseException, *undo: Any, **other: Any) -> Any:
    with pytest.raises(BaseException) as raised, undone_on_failure(WORK, *undo, **other):  # noqa: PT011
        raise error
    return raised.value


def test_every_step_is_taken_back_and_then_it_has_failed(said: list[str]) -> None:
    raised = undone(
        BECAUSE,
        lambda work: said.append("first"),
        lambda work: said.append("second"),
        clear_up=lambda work: said.append("clear up"),
    )
    assert raised is BECAUSE
    assert said == ["first", "second", "clear up", f"close_failed: {BECAUSE}", "failed"]


def test_where_that_fails_too_a_person_is_called_and_nothing_is_cleared_up(said: list[str]) -> None:
    def fail(work: Any) -> None:
        raise EngineError("starting db", "no room", "Free some")

    raised = undone(BECAUSE, fail, clear_up=lambda work: said.append("clear up"))
    assert raised.doing == "starting db"
    assert [one.partition(":")[0] for one in said] == ["leave_to_person", "needs_person"]


@pytest.mark.parametrize(
    ("kind", "old", "to_do"),
    [
        ("release", "id-1", "start `rollback/prod`: it goes on to the version before"),
        ("release", None, "Look who serves with `tidegate status`, then start it again"),
        ("base", "id-1", "Look who serves with `tidegate status`, then start it again"),
    ],
)
def test_a_person_is_told_what_ends_what_was_left_half_way(
    said: list[str], monkeypatch: pytest.MonkeyPatch, kind: str, old: str | None, to_do: str
) -> None:
    deployment = SimpleNamespace(kind=kind, rollback_target_id=old)
    monkeypatch.setattr(WORK, "deployment", deployment)
    assert failed(EngineError("starting web", "no room", "Free some")).to_do.endswith(to_do)


def test_nothing_is_taken_back_of_what_stays_or_is_somebody_else_s(said: list[str]) -> None:
    fenced = FencedError("changing", "another owner", "Wait")
    assert undone(fenced, lambda work: said.append("first")) is fenced
    stays = undone(BECAUSE, lambda work: said.append("first"), unless=lambda work: True)
    assert stays is BECAUSE
    assert said == []


def test_nothing_is_taken_back_of_what_is_good_and_nobody_is_called(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "is_good", lambda work: True)
    raised = undone(
        BECAUSE,
        lambda work: said.append("first"),
        clear_up=lambda work: said.append("clear up"),
    )
    assert raised is failed(BECAUSE) is BECAUSE
    assert said == ["clear up"]


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        ("release", ["wait", "put_back"]),
        ("rollback", ["wait", "close_failed"]),
        ("adoption", ["wait", "close_failed"]),
    ],
)
def test_what_a_rollback_has_interrupted_is_put_back_by_its_kind(
    monkeypatch: pytest.MonkeyPatch, kind: str, done: list[str]
) -> None:
    happened = list[str]()
    other = SimpleNamespace(title="shop prod #2", deployment=SimpleNamespace(kind=kind))
    monkeypatch.setattr(MODULE, "interrupted", lambda work: [other])
    monkeypatch.setattr(MODULE, "wait_for_lost_jobs", lambda work: happened.append("wait"))
    for name in ("put_back", "close_failed"):
        monkeypatch.setattr(MODULE, name, lambda work, error, name=name: happened.append(name))
    work: Any = SimpleNamespace(title="shop prod #3", deployment=SimpleNamespace(reason="it fails"))
    end_interrupted(work)
    assert happened == done

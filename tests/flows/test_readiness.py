"""A slot whose containers are healthy and that answers its ready path badly: nobody is sent there,
and who reads the error knows what to do."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest

from flows.release import release
from tests.flows.asking import answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults, serving
from tests.flows.stories import Story, settle
from tests.world.edge import MemoryVisitors
from tidegate.edge.probing import Visit
from tidegate.stack.checks import Answer

STEP = "/smoke-slot"


def begun(library: Library, *, with_routes: bool = False) -> Installation:
    made = library.begin(Story("readiness", release, {}, with_routes=with_routes))
    made.prefect.answer = answering("approve")
    return made


def answered(
    made: Installation, monkeypatch: pytest.MonkeyPatch, path: str, *answers: Answer
) -> None:
    """To whoever asks for `path` while the slot is waited for; the last one for ever."""
    left, asks = [*answers], MemoryVisitors.ask

    def ask(visitors: MemoryVisitors, visit: Visit, wanted: str, seconds: float) -> Answer:
        if not made.world.moments.step.endswith(STEP) or wanted != path:
            return asks(visitors, visit, wanted, seconds)
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(MemoryVisitors, "ask", ask)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second goes by at each look."""
    seconds = count()
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)), sleep=lambda seconds: None)
    monkeypatch.setattr("tasks.slots.readiness.time", clock)


def said(made: Installation) -> str:
    began = serving(made)
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_failed()
    assert [*settle(made), *faults(made, began, has_failed=True)] == []
    return str(state.message)


@pytest.mark.parametrize("status", [400, 404, 499])
def test_a_page_that_refuses_the_question_ends_it_at_once(
    library: Library, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    made = begun(library)
    answered(made, monkeypatch, "/ready", Answer(status=status, seconds=0.0))
    told = said(made)
    assert f"/ready answers {status} to a visitor of shop.test" in told
    assert "as `ready_path`" in told


def test_with_several_doors_the_service_is_named_too(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begun(library, with_routes=True)
    answered(made, monkeypatch, "/api/ready", Answer(status=404, seconds=0.0))
    assert "/api/ready of worker answers 404" in said(made)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(status=503, seconds=0.0), "it answers 503, after 1 s"),
        (Answer(status=500, seconds=0.0), "it answers 500, after 1 s"),
        (Answer(status=404, seconds=0.0, error="no answer in time"), "no answer in time, after"),
        (Answer(status=200, seconds=0.0, error="too long a page"), "too long a page, after 1 s"),
        (Answer(status=199, seconds=0.0), "it answers 199, after 1 s"),
    ],
)
def test_one_that_does_not_become_ready_in_time_is_left_with_its_last_lines(
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    clock: None,
    answer: Answer,
    what: str,
) -> None:
    made = begun(library)
    answered(made, monkeypatch, "/ready", answer)
    told = said(made)
    assert f"/ready, asked as a visitor of shop.test: {what}" in told
    assert "it said nothing of use" in told
    logs = [told.find(f"log lines of shop-prod-2-{name}-2-1:") for name in ("web", "worker")]
    assert logs == sorted(logs)
    assert logs[0] > 0  # first the one that was asked, then what may stand behind it


@pytest.mark.parametrize("status", [200, 399])
def test_one_that_answers_after_some_asking_is_ready(
    library: Library, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    made = begun(library)
    answered(
        made,
        monkeypatch,
        "/ready",
        Answer(status=503, seconds=0.0),
        Answer(status=502, seconds=0.0),
        Answer(status=status, seconds=0.0),
    )
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_completed(), state.message

"""A slot whose containers are healthy and that answers its ready path badly: nobody is sent there,
and who reads the error knows what to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from types import SimpleNamespace

import pytest

from flows.base import base
from flows.release import release
from tests.flows.asking import BASE, answering, asked
from tests.flows.beginnings import edit_database
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults, serving
from tests.flows.prefect_memory import Run
from tests.flows.stories import Story, settle
from tests.world.compose import NEVER_HEALTHY
from tests.world.edge import MemoryVisitors
from tidegate.edge.facts import Served
from tidegate.edge.probing import Visit
from tidegate.policy.states import LEFT_TO_PERSON, DeploymentState
from tidegate.stack.checks import Answer

STEP = "/smoke-slot"


def begun(library: Library, *, with_routes: bool = False, in_place: bool = False) -> Installation:
    made = library.begin(
        Story("readiness", release, {}, with_routes=with_routes, in_place=in_place)
    )
    made.prefect.answer = answering("approve")
    return made


def answered(
    made: Installation,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    *answers: Answer,
    step: str = STEP,
) -> list[Served | None]:
    """To whoever asks for `path` while the slot is waited for; the last one for ever. Who served
    visitors at each question is in the list."""
    left, asks, served = [*answers], MemoryVisitors.ask, list[Served | None]()

    def ask(visitors: MemoryVisitors, visit: Visit, wanted: str, seconds: float) -> Answer:
        if not made.world.moments.step.endswith(step) or wanted != path:
            return asks(visitors, visit, wanted, seconds)
        served.append(made.world.edge.answering("shop.test", "/"))
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(MemoryVisitors, "ask", ask)
    return served


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


UNREADY, READY = Answer(status=502, seconds=0.0), Answer(status=200, seconds=0.0)


def begun_before_a_way_back(library: Library, step: str) -> tuple[Installation, Callable[[], Run]]:
    """Of a change that fails with nobody served; the version of before is started again."""
    if step == "/end-maintenance":
        made = begun(library, in_place=True)
        return made, partial(made.prefect.start, release, **asked("v2.1.0"))
    made = begun(library)
    edit_database(command=NEVER_HEALTHY)(made)
    return made, partial(made.prefect.start, base, **BASE)


@pytest.mark.parametrize("step", ["/end-maintenance", "/open-doors"])
def test_nobody_is_sent_to_a_version_that_was_started_again_and_is_not_ready_yet(
    library: Library, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made, change = begun_before_a_way_back(library, step)
    served = answered(made, monkeypatch, "/ready", UNREADY, UNREADY, READY, step=step)
    assert change().state.is_failed()
    assert served == [None, None, None]
    assert made.world.edge.answering("shop.test", "/") == Served("shop", "prod", 1)


@pytest.mark.parametrize("step", ["/end-maintenance", "/open-doors"])
def test_one_that_answers_is_let_in_whatever_it_answers(
    library: Library, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It had served so before, and nothing is judged anew."""
    made, change = begun_before_a_way_back(library, step)
    served = answered(
        made, monkeypatch, "/ready", UNREADY, Answer(status=500, seconds=0.0), step=step
    )
    assert change().state.is_failed()
    assert served == [None, None]
    assert made.world.edge.answering("shop.test", "/") == Served("shop", "prod", 1)


@pytest.mark.parametrize("step", ["/end-maintenance", "/open-doors"])
def test_it_is_waited_for_no_longer_than_its_start_budget(
    library: Library, monkeypatch: pytest.MonkeyPatch, clock: None, step: str
) -> None:
    made, change = begun_before_a_way_back(library, step)
    served = answered(made, monkeypatch, "/ready", UNREADY, step=step)
    assert change().state.is_failed()
    assert served == [None]  # by this clock its time is over then
    newest = made.ledger.deployments.history("shop", "prod", limit=1)[0]
    assert newest.state is DeploymentState.FAILED
    assert made.world.edge.answering("shop.test", "/") == Served("shop", "prod", 1)


def test_one_that_has_stopped_is_not_waited_for_and_a_person_is_called(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, change = begun_before_a_way_back(library, step := "/end-maintenance")
    served, engine = (
        answered(made, monkeypatch, "/ready", UNREADY, step=step),
        made.world.engine,
    )
    asks = MemoryVisitors.ask

    def ask(visitors: MemoryVisitors, visit: Visit, path: str, seconds: float) -> Answer:
        answer = asks(visitors, visit, path, seconds)
        for one in engine.of("shop-prod-1") if made.world.moments.step.endswith(step) else ():
            engine.state(one.name, state="exited")
        return answer

    monkeypatch.setattr(MemoryVisitors, "ask", ask)
    assert "does not answer" in str(change().state.message)
    assert served == [None]  # an attempt after the first one waits no more
    newest = made.ledger.deployments.history("shop", "prod", limit=1)[0]
    assert newest.state in LEFT_TO_PERSON

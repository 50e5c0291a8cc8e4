"""A database that was started a moment ago, by a container without a health check: it runs, and its
server does not answer yet."""

from __future__ import annotations

import pytest

from flows.release import release
from tests.flows.asking import answering, asked
from tests.flows.conftest import Library
from tests.flows.judging import faults, serving
from tests.flows.stories import Story, settle

FIRST = Story("a first release", release, {}, before=())


@pytest.fixture(autouse=True)
def no_time_goes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.data.answering.POLL_SECONDS", 0)


def test_a_first_release_waits_until_its_new_database_answers(library: Library) -> None:
    made = library.begin(FIRST)
    made.prefect.answer = answering("approve")
    made.world.databases.of("shop-prod").silences = 3
    began = serving(made)
    assert made.prefect.start(release, **asked("v1.0.0")).state.is_completed()
    assert [*settle(made), *faults(made, began)] == []


def test_one_that_stays_silent_ends_the_release(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.data.answering.ANSWER_SECONDS", 0)
    made = library.begin(FIRST)
    made.prefect.answer = answering("approve")
    made.world.databases.of("shop-prod").silences = 1_000
    state = made.prefect.start(release, **asked("v1.0.0")).state
    assert state.is_failed()
    assert "the server does not answer" in str(state.message)

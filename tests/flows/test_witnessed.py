"""The witness sees the whole time for which a new version is watched."""

from __future__ import annotations

from flows.release import release
from tasks.traffic.switching import OTHER_SECONDS
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.stories import Story, tell


def test_it_is_planned_for_the_watch_and_for_what_comes_before(library: Library) -> None:
    story = Story("a watch", release, asked("v1.0.1", watch_seconds=2))
    made = library.begin(story)
    run = tell(made, story)
    assert run.state.is_completed(), run.state.message
    assert made.world.visitors.witnessed_seconds > 2 + OTHER_SECONDS

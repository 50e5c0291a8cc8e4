"""The way back does not arrive, so that a person is called; the run is killed while it calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.base_stories import BASE_STORIES
from tests.flows.conftest import Library
from tests.flows.stories import STORIES, Story
from tests.flows.trying import left_to_person_and_killed
from tidegate.errors import EngineError

ENDING_SO = (
    "a restore",
    "a rollback to a stopped slot",
    "a rollback with a downgrade",
    "a version that fails its checks",
    "a version that serves badly",
    "a version whose migration would lose data",
    "a takeover of what answers badly",
    "a change of a database that never becomes healthy",
)


@pytest.mark.parametrize(
    "story",
    [one for one in (*STORIES, *BASE_STORIES) if one.name in ENDING_SO],
    ids=lambda story: story.id,
)
def test_who_is_killed_while_calling_a_person_blocks_nobody(
    library: Library, story: Story, record_property: Callable[[str, object], None]
) -> None:
    cases, found = left_to_person_and_killed(
        library, story, lambda call: EngineError(f"asking {call}", "it failed", "Look why")
    )
    record_property("cases", cases)
    assert found == {}

"""Killed right after any change, of the world or of the ledger, and recovered: wholly old or wholly
new."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.base_stories import BASE_STORIES
from tests.flows.conftest import Library
from tests.flows.name_stories import NAME_STORIES
from tests.flows.port_stories import PORT_STORIES
from tests.flows.stories import STORIES, Story
from tests.flows.tenant_stories import TENANT_STORIES
from tests.flows.trying import killed


@pytest.mark.parametrize(
    "story",
    [*STORIES, *BASE_STORIES, *TENANT_STORIES, *NAME_STORIES, *PORT_STORIES],
    ids=lambda story: story.id,
)
def test_a_run_that_is_killed_anywhere_is_brought_to_an_end(
    library: Library, story: Story, record_property: Callable[[str, object], None]
) -> None:
    cases, found = killed(library, story)
    record_property("cases", cases)
    assert found == {}
    assert cases

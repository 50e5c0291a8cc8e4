"""What people ask for of base services, in each way that it can go."""

from __future__ import annotations

from flows.base import base
from tests.flows.asking import BASE
from tests.flows.beginnings import edit_cache, edit_database, edit_what_was_taken_over
from tests.flows.stories import Story
from tests.world.compose import NEVER_HEALTHY

BASE_STORIES = (
    Story(
        "a change of a database",
        base,
        BASE,
        serves="v1.0.0",
        with_staging=True,
        prepare=edit_database(command=["--max-connections=300"]),
    ),
    Story(
        "a change of a database that is rejected",
        base,
        BASE,
        serves="v1.0.0",
        with_staging=True,
        answer="reject",
        prepare=edit_database(command=["--max-connections=300"]),
    ),
    Story(
        "a change of a database that never becomes healthy",
        base,
        BASE,
        serves="v1.0.0",
        prepare=edit_database(command=NEVER_HEALTHY),
    ),
    Story(
        "a change of a cache that no version waits for",
        base,
        BASE,
        serves="v1.0.0",
        prepare=edit_cache,
    ),
    Story(
        "a change of a database of what was taken over",
        base,
        BASE,
        before=(),
        serves="v1.0.0",
        prepare=edit_what_was_taken_over,
    ),
)
NEVER_BECOMES_HEALTHY = BASE_STORIES[2]

"""What people ask for of base services, in each way that it can go."""

from __future__ import annotations

from flows.base import base
from flows.release import release
from tests.flows.asking import BASE, asked
from tests.flows.beginnings import (
    build_database,
    edit_cache,
    edit_database,
    edit_what_was_taken_over,
    release_another_dockerfile,
)
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
    Story(
        "a first release that builds its database",
        release,
        asked("v1.0.0"),
        before=(),
        serves="v1.0.0",
        with_staging=True,
        prepare=build_database,
    ),
    Story(
        "a release with another Dockerfile of its database",
        release,
        asked("v1.0.1"),
        before=(),
        serves="v1.0.1",
        prepare=release_another_dockerfile("v1.0.0"),
    ),
    Story(
        "a change of a database that is built",
        base,
        BASE,
        before=(),
        serves="v1.0.1",
        prepare=release_another_dockerfile("v1.0.0", "v1.0.1"),
    ),
    Story(
        "a change of a database whose new image never becomes healthy",
        base,
        BASE,
        before=(),
        serves="v1.0.2",
        prepare=release_another_dockerfile("v1.0.0", "v1.0.2"),
    ),
)
NEVER_BECOMES_HEALTHY = BASE_STORIES[2]

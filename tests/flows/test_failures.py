"""Any call to the outside fails once: by a refusal, which ends the run, or by something that may
pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.base_stories import BASE_STORIES
from tests.flows.conftest import Library
from tests.flows.name_stories import NAME_STORIES
from tests.flows.port_stories import PORT_STORIES
from tests.flows.stories import STORIES, Story
from tests.flows.tenant_stories import TENANT_STORIES
from tests.flows.trying import failed
from tidegate.errors import (
    BackupError,
    CapacityError,
    ComposeError,
    DatabaseError,
    EdgeError,
    EngineError,
    ImageError,
    MigrationError,
    TidegateError,
    VersionError,
)

ERRORS: dict[str, type[TidegateError]] = {
    "host": EngineError,
    "measures": EngineError,
    "occupancy": EngineError,
    "by_hand": EngineError,
    "networks": EngineError,
    "compose": ComposeError,
    "base": ComposeError,
    "images": ImageError,
    "builder": ImageError,
    "source": VersionError,
    "edge": EdgeError,
    "forwarders": EdgeError,
    "visitors": EdgeError,
    "databases": DatabaseError,
    "migrations": MigrationError,
    "backups": BackupError,
    "restored": BackupError,
    "volumes": CapacityError,
}

MAY_PASS = ("a release with a migration", "a rollback to a stopped slot", "a restore")


@pytest.mark.parametrize(
    ("story", "retryable"),
    [
        *(
            pytest.param(story, False, id=f"{story.id}-refused")
            for story in (*STORIES, *BASE_STORIES, *TENANT_STORIES, *NAME_STORIES, *PORT_STORIES)
        ),
        *(
            pytest.param(story, True, id=f"{story.id}-may-pass")
            for story in STORIES
            if story.name in MAY_PASS
        ),
    ],
)
def test_a_call_that_fails_leaves_the_environment_wholly_old_or_new(
    library: Library, story: Story, retryable: bool, record_property: Callable[[str, object], None]
) -> None:
    def error(call: str) -> TidegateError:
        return ERRORS.get(call.partition(".")[0], TidegateError)(
            f"asking {call}", "it failed", "Look why", retryable=retryable
        )

    cases, found = failed(library, story, error)
    record_property("cases", cases)
    assert found == {}

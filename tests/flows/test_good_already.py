"""Cancelled, or failed, right after it was noted that a version is good: it serves, and nothing is
put back."""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGTERM

import pytest
from prefect.exceptions import TerminationSignal

from tests.flows.base_stories import BASE_STORIES
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults, serving
from tests.flows.stories import STORIES, Story, settle, tell
from tidegate.errors import LedgerError
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import DeploymentState as S

TOLD = (
    "a first release",
    "a release with a migration",
    "a rollback to a stopped slot",
    "a restore",
    "a takeover",
    "a change of a cache that no version waits for",
)
ERRORS = (
    TerminationSignal(SIGTERM),
    LedgerError("moving", "the connection was lost", "Look at it", retryable=True),
)


def newest(made: Installation) -> Deployment:
    return made.ledger.deployments.history("shop", "prod", limit=1)[0]


def right_after_good(made: Installation, error: BaseException) -> Callable[[str], None]:
    """Raises `error` once, when the ledger has just noted that a new version is good."""
    history = made.ledger.deployments.history("shop", "prod")
    known, left = {one.id for one in history}, [error]

    def look(what: str) -> None:
        if left and what.endswith("ledger"):
            now = next(iter(made.ledger.deployments.history("shop", "prod", limit=1)), None)
            if now and now.state is S.GOOD and now.id not in known:
                raise left.pop()

    return look


@pytest.mark.parametrize("error", ERRORS, ids=["cancelled", "failed"])
@pytest.mark.parametrize(
    "story",
    [one for one in (*STORIES, *BASE_STORIES) if one.name in TOLD],
    ids=lambda story: story.id,
)
def test_what_comes_right_after_it_was_good_puts_nothing_back(
    library: Library, story: Story, error: BaseException
) -> None:
    made = library.begin(story)
    began = serving(made)
    made.world.moments.after_change = right_after_good(made, error)
    run = tell(made, story)
    assert run.state.is_failed()
    assert run.state.data is error
    assert (newest(made).state, newest(made).version) == (S.GOOD, story.serves)
    assert [*settle(made), *faults(made, began, has_failed=True)] == []

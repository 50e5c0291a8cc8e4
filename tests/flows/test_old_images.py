"""Images stay while somebody may go back to them, and no longer: a disk does not fill up by
releases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.release import release
from flows.rollback import rollback
from tasks.slots import old_images
from tests.flows.asking import ROLLBACK, answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults
from tests.flows.stories import STORIES, settle
from tests.world.versions import VERSIONS
from tidegate.errors import EngineError
from tidegate.ledger.tables import Deployment
from tidegate.policy import retention
from tidegate.policy.states import DeploymentState

BY_STAGING = next(one for one in STORIES if one.name == "a release by way of staging")
AT_ONCE = replace(BY_STAGING, with_staging=False)
UP = ("v1.0.1", "v1.1.0", "v1.1.1")


@pytest.fixture(autouse=True)
def _two_good_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_GOOD", 2)
    monkeypatch.setattr(old_images, "MOST_GOOD", 2)


def there(made: Installation) -> set[str]:
    """The versions whose image of the web service is on the host."""
    images = made.world.engine.images
    return {name for name, one in VERSIONS.items() if f"sha256:web-{one.sha}" in images}


def released(made: Installation, *versions: str, environment: str = "prod") -> None:
    made.prefect.answer = answering("approve")
    for version in versions:
        state = made.prefect.start(release, **asked(version, environment=environment)).state
        assert state.is_completed(), state.message


def newest(made: Installation) -> Deployment:
    return made.ledger.deployments.history("shop", "prod", limit=1)[0]


def test_those_that_nobody_can_go_back_to_are_removed_and_the_way_back_works(
    library: Library,
) -> None:
    made = library.begin(AT_ONCE)
    released(made, *UP)
    assert there(made) == {"v1.1.0", "v1.1.1"}
    last = newest(made)
    assert made.prefect.start(rollback, **ROLLBACK).state.is_completed()
    assert newest(made).version == "v1.1.0"
    assert [*settle(made), *faults(made, {"prod": last.number})] == []


def test_what_another_environment_may_go_back_to_stays(library: Library) -> None:
    made = library.begin(BY_STAGING)
    released(made, *UP, environment="staging")
    assert there(made) == {"v1.0.0", "v1.1.0", "v1.1.1"}  # production serves v1.0.0


def test_what_failed_stays_as_long_as_it_is_one_of_the_newest(library: Library) -> None:
    """It may be released again, and is not built twice."""
    made = library.begin(AT_ONCE)
    assert made.prefect.start(release, **asked("v2.0.1")).state.is_failed()
    released(made, "v1.0.1")
    assert there(made) == {"v1.0.0", "v1.0.1", "v2.0.1"}
    released(made, "v1.1.0")
    assert there(made) == {"v1.0.1", "v1.1.0"}


def test_a_release_is_good_although_nothing_can_be_removed(library: Library) -> None:
    made = library.begin(AT_ONCE)
    released(made, *UP[:-1])
    before = there(made)
    made.world.moments.begin_anew()
    made.world.moments.fails = lambda number, name: (
        EngineError("removing old images", "the engine is busy", "Look why")
        if name == "images.remove"
        else None
    )
    released(made, UP[-1])
    made.world.moments.begin_anew()
    assert newest(made).state is DeploymentState.GOOD
    assert there(made) == {*before, UP[-1]}
    steps = {one.name: one.evidence for one in made.ledger.journal.steps(newest(made).id)}
    assert "the engine is busy" in steps["remove-old-images"]["why"]

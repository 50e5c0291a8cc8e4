"""Images that no way back reaches any more go when a release clears up; all others stay."""

from __future__ import annotations

import pytest

from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults, serving
from tests.flows.stories import TWO, Story, settle
from tests.flows.trying import killed
from tidegate.plan.image_labels import STACK_LABEL


def fail_one(made: Installation) -> None:
    """Its image was built, and nobody goes back to it."""
    made.prefect.answer = answering("approve")
    assert made.prefect.start(release, **asked("v2.1.0")).state.is_failed()


STORY = Story(
    "a release after one that failed",
    release,
    asked("v1.1.0"),
    before=TWO,
    serves="v1.1.0",
    prepare=fail_one,
)


def versions(made: Installation) -> list[str]:
    engine = made.world.engine
    built = (image for image, labels in engine.images.items() if STACK_LABEL in labels)
    return sorted({engine.version_of(image).name for image in built})


def test_what_failed_goes_and_what_was_good_stays(library: Library) -> None:
    made = library.begin(STORY)
    began = serving(made)
    assert versions(made) == ["v1.0.0", "v1.0.1", "v2.1.0"]
    made.prefect.start(release, **asked("v1.1.0"))
    assert versions(made) == ["v1.0.0", "v1.0.1", "v1.1.0"]
    made.prefect.start(rollback, **{**ROLLBACK, "steps_back": 2})
    now = made.ledger.deployments.current("shop", "prod")
    assert (now.version if now else None) == "v1.0.0"
    assert [*settle(made), *faults(made, began)] == []


def test_what_lies_further_back_than_a_rollback_goes_goes_too(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.slots.containers.MOST_KEPT", 2)
    made = library.begin(STORY)
    began = serving(made)
    made.prefect.start(release, **asked("v1.1.0"))
    assert versions(made) == ["v1.0.1", "v1.1.0"]
    run = made.prefect.start(rollback, **{**ROLLBACK, "steps_back": 2})
    assert "is not on the engine and has no registry" in str(run.state.message)
    now = made.ledger.deployments.current("shop", "prod")
    assert (now.version if now else None) == "v1.1.0"
    assert [*settle(made), *faults(made, began)] == []


def test_killed_anywhere_no_image_is_missed(library: Library) -> None:
    cases, found = killed(library, STORY, each=5)
    assert found == {}
    assert cases

"""What was planned of base services is what is done, or nothing is: whatever changed while the
question waited is seen before anybody is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flows.base import base
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import BASE, ROLLBACK, answering, asked
from tests.flows.beginnings import edit_database
from tests.flows.conftest import Library
from tests.flows.installation import Installation, Kept
from tests.flows.judging import faults
from tests.flows.stories import Story, settle, tell
from tidegate.errors import EngineError
from tidegate.policy.states import DeploymentState

CHANGE = edit_database(command=["--max-connections=300"])


def changed_while_it_waited(
    library: Library, meanwhile: Callable[[Installation], object]
) -> tuple[Installation, str]:
    """The installation, and what the run says."""
    story = Story("a change that waits", base, BASE, with_staging=True, prepare=CHANGE)
    made = library.begin(story)

    def answer(form: Any) -> Any:
        made.prefect.answer = answering("approve")
        meanwhile(made)
        return answering("approve")(form)

    made.prefect.answer = answer
    state = made.prefect.start(base, **BASE).state
    assert state.is_failed()
    return made, str(state.message)


def another_container(made: Installation) -> None:
    engine = made.world.engine
    name = "shop-prod-db-1"
    engine.containers_by_name[name] = replace(engine.containers_by_name[name], id="by-hand")


def another_image(made: Installation) -> None:
    """Somebody has pulled a newer one under the same name."""
    made.world.engine.tags["mysql:8"] = "sha256:newer"


@pytest.mark.parametrize(
    ("meanwhile", "named"),
    [(another_container, "the container of db"), (another_image, "the image mysql:8")],
)
def test_what_is_another_one_by_then_stops_the_change_before_anybody_is(
    library: Library, meanwhile: Callable[[Installation], object], named: str
) -> None:
    made, said = changed_while_it_waited(library, meanwhile)
    assert f"{named}: another one than when it was planned" in said
    newest = made.ledger.deployments.history("shop", "prod")[0]
    assert (newest.kind, newest.state) == ("base", DeploymentState.FAILED)
    steps = {step.name for step in made.ledger.journal.steps(newest.id) if step.is_done}
    assert not steps & {"close-doors", "save-present", "recreate-base"}
    assert [*settle(made), *faults(made, {"prod": 1, "staging": 1})] == []


def test_another_version_that_serves_by_then_ends_it(library: Library) -> None:
    made, said = changed_while_it_waited(
        library, lambda made: made.prefect.start(release, **asked("v1.0.1"))
    )
    assert "v1.0.1 serves by now" in said
    assert settle(made) == []
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    assert now.version == "v1.0.1"
    [change] = [
        one for one in made.ledger.deployments.history("shop", "prod") if one.kind == "base"
    ]
    assert change.state is DeploymentState.EXPIRED


def killed_half_way(library: Library) -> Installation:
    """The old container of the database is gone, and the new one is not there yet."""
    story = Story("a change over two", base, BASE, before=("v1.0.0", "v1.0.1"), prepare=CHANGE)
    made, kept = library.begin(story), list[Kept]()
    made.world.moments.after_change = lambda what: (
        kept.append(made.keep(what))
        if what.endswith("container shop-prod-db-1 was removed")
        else None
    )
    made.prefect.start(base, **BASE)
    made.begin_from(kept[0])
    return made


def test_no_rollback_comes_between_a_change_and_its_end(library: Library) -> None:
    made = killed_half_way(library)
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_failed()
    assert "#3 is changing base services" in str(state.message)
    assert [*settle(made), *faults(made, {"prod": 2})] == []
    assert made.ledger.deployments.history("shop", "prod")[0].state is DeploymentState.GOOD


def test_what_was_being_put_back_is_not_taken_for_the_change_itself(library: Library) -> None:
    """What failed once would not fail again, and what ran before would be called the new one."""
    story = Story("a change that fails", base, BASE, prepare=CHANGE)
    made, kept = library.begin(story), list[Kept]()
    moments = made.world.moments
    moments.fails = lambda number, name: (
        EngineError("waiting", "the engine went away", "Try again")
        if "wait-for-base" in moments.step
        else None
    )
    moments.after_change = lambda what: (
        kept.append(made.keep(what)) if "put-base-back" in what else None
    )
    assert tell(made, story).state.is_failed()
    assert len(kept) > 1
    for one in kept:
        made.begin_from(one)
        assert [*settle(made), *faults(made, {"prod": 1}, has_failed=True)] == [], one.what
        change = made.ledger.deployments.history("shop", "prod")[0]
        assert (change.kind, change.state) == ("base", DeploymentState.FAILED), one.what

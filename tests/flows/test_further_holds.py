"""Holds of a stack that is built from two repositories: they are about commits, whatever the stack
file calls their repositories."""

from __future__ import annotations

from flows.lift_hold import lift_hold
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, asked
from tests.flows.conftest import Library
from tests.flows.released import now, told
from tests.flows.stories import Story
from tests.flows.test_further import AT_ONCE, id_of, tagged, workers
from tests.world.versions import VERSIONS, further_commit

ALONE = Story("one repository", release, asked("v1.0.1"))


def test_a_hold_is_about_the_commits_of_all_repositories(library: Library) -> None:
    made = library.begin(AT_ONCE)
    told(made, "v1.0.0")
    told(made, "v1.0.1")
    made.prefect.start(rollback, **ROLLBACK)
    assert now(made).commit == id_of("v1.0.0", "v1.0.0")
    assert "it is on hold since" in str(told(made, "v1.0.1").state.message)
    workers(made).tags["v1.0.1"] = "v1.2.0"  # the team has corrected the worker alone
    assert told(made, "v1.0.1").state.is_completed()
    [hold] = made.ledger.holds.active("shop")
    assert hold.commit == id_of("v1.0.1", "v1.0.1")
    named = further_commit("v1.0.1").sha[:30]
    made.prefect.start(lift_hold, stack="shop", version=named, reason="tried", lifted_by="Mei")
    assert not made.ledger.holds.active("shop")


def test_a_hold_stays_when_the_stack_file_names_or_renames_a_further_repository(
    library: Library,
) -> None:
    made = library.begin(ALONE)
    told(made, "v1.0.1")
    made.prefect.start(rollback, **ROLLBACK)
    tagged(made)
    assert "it is on hold since" in str(told(made, "v1.0.1").state.message)


def test_what_serves_again_with_all_commits_of_what_was_left_is_not_put_on_hold(
    library: Library,
) -> None:
    """The stack file no longer named the further repository: a hold on what was left would be one
    on what serves."""
    made = library.begin(ALONE)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    alone = file.read_text()
    tagged(made)
    told(made, "v1.0.1")
    file.write_text(alone)
    made.world.edited.clear()
    told(made, "v1.0.1")
    assert now(made).commit == VERSIONS["v1.0.1"].sha
    made.prefect.start(rollback, **ROLLBACK)
    assert now(made).commit == id_of("v1.0.1", "v1.0.1")
    assert not made.ledger.holds.active("shop")

"""Which deployment serves, and what becomes of the one that it replaces."""

from __future__ import annotations

import pytest

from tests.unit.ledger_parts import Clock, deploy
from tidegate.ledger import Ledger
from tidegate.policy.states import DeploymentState as S


def serving(ledger: Ledger, environment: str = "prod") -> str:
    """The id of what serves."""
    current = ledger.deployments.current("cloudlens", environment)
    assert current is not None
    return current.id


def test_nothing_serves_before_the_first_switch(ledger: Ledger) -> None:
    for state in (S.PLANNED, S.WAITING, S.CHANGING, S.FAILED):
        deploy(ledger, state=state)
    assert ledger.deployments.current("cloudlens", "prod") is None


def test_the_old_one_stays_good_until_the_new_one_passed_its_watch(
    ledger: Ledger, clock: Clock
) -> None:
    old = deploy(ledger, "v1")
    clock.tick()
    new = deploy(ledger, "v2", S.WATCHING)
    assert ledger.deployments.get(old.id).state == S.GOOD
    assert serving(ledger) == new.id
    ledger.deployments.move(new.id, S.GOOD, reason="r", actor="mei")
    assert ledger.deployments.get(old.id).state == S.SUPERSEDED
    assert serving(ledger) == new.id


def test_after_a_rollback_within_the_watch_the_old_one_serves(ledger: Ledger, clock: Clock) -> None:
    old = deploy(ledger, "v1")
    clock.tick()
    new = deploy(ledger, "v2", S.WATCHING)
    for state in (S.ROLLING_BACK, S.ROLLED_BACK):
        ledger.deployments.move(new.id, state, reason="regression", actor="watch")
        assert serving(ledger) == old.id


def test_one_whose_way_back_has_not_arrived_still_serves(ledger: Ledger) -> None:
    deploy(ledger, "v1")
    bad = deploy(ledger, "v2")
    for state in (S.ROLLING_BACK, S.ROLLBACK_FAILED, S.NEEDS_PERSON):
        ledger.deployments.move(bad.id, state, reason="r", actor="mei")
        assert serving(ledger) == bad.id


@pytest.mark.parametrize(
    "path",
    [(S.NEEDS_PERSON,), (S.ROLLING_BACK, S.ROLLBACK_FAILED)],
    ids=lambda path: path[-1].value,
)
def test_what_was_left_to_a_person_before_it_served_is_over_when_a_newer_one_is_good(
    ledger: Ledger, path: tuple[S, ...]
) -> None:
    deploy(ledger, "v1")
    left = deploy(ledger, "v2", S.CHANGING)
    for state in path:
        ledger.deployments.move(left.id, state, reason="the schema cannot go back", actor="run")
    newer = deploy(ledger, "v3")
    ended = ledger.deployments.get(left.id)
    assert (ended.state, ended.reason) == (
        S.FAILED,
        f"#{newer.number} serves; before: the schema cannot go back",
    )
    assert ledger.deployments.open_ones() == []


def test_a_good_rollback_marks_what_it_replaced_as_rolled_back(ledger: Ledger) -> None:
    first, second = deploy(ledger, "v1"), deploy(ledger, "v2")
    back = deploy(ledger, origin=first)
    assert ledger.deployments.get(second.id).state == S.ROLLED_BACK
    assert serving(ledger) == back.id
    assert back.release.version == "v1"


def test_another_environment_is_not_displaced(ledger: Ledger) -> None:
    staging = deploy(ledger, environment="staging")
    deploy(ledger, environment="prod")
    assert serving(ledger, "staging") == staging.id

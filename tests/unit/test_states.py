"""The table of moves, written a second time from the outside: who may follow whom."""

from __future__ import annotations

from itertools import product

import pytest

from tidegate.policy.states import MOVES, DeploymentState, may_move

S = DeploymentState

ALLOWED = {
    "planned": "waiting changing failed rejected expired",
    "waiting": "changing failed rejected expired",
    "changing": "watching good failed rolling_back needs_person",
    "watching": "good superseded rolling_back rolled_back needs_person",
    "good": "superseded rolling_back rolled_back",
    "rolling_back": "changing rolled_back rollback_failed needs_person",
    "rollback_failed": "rolling_back rolled_back superseded failed needs_person",
    "needs_person": "changing watching good superseded failed rolling_back rolled_back",
    "superseded": "",
    "failed": "",
    "rejected": "",
    "expired": "",
    "rolled_back": "",
}


@pytest.mark.parametrize(("old", "new"), list(product(S, S)), ids=lambda state: state.value)
def test_a_move_is_allowed_exactly_when_the_table_says_so(old: S, new: S) -> None:
    assert may_move(old, new) == (new.value in ALLOWED[old.value].split())


def test_every_state_has_its_line_in_the_table() -> None:
    assert set(MOVES) == set(S)


def test_what_never_served_and_what_was_replaced_is_final() -> None:
    assert {state for state in S if state.is_final} == {
        S.SUPERSEDED,
        S.FAILED,
        S.REJECTED,
        S.EXPIRED,
        S.ROLLED_BACK,
    }


def test_everything_that_somebody_must_still_act_on_is_open() -> None:
    assert {state for state in S if state.is_open} == {
        S.PLANNED,
        S.WAITING,
        S.CHANGING,
        S.WATCHING,
        S.ROLLING_BACK,
        S.ROLLBACK_FAILED,
        S.NEEDS_PERSON,
    }


def test_nothing_that_ended_before_the_switch_can_have_served() -> None:
    assert not any(
        state.may_serve
        for state in (S.PLANNED, S.WAITING, S.CHANGING, S.FAILED, S.REJECTED, S.EXPIRED)
    )


def test_every_state_can_be_reached_from_planned() -> None:
    reached, waiting = {S.PLANNED}, [S.PLANNED]
    while waiting:
        new = MOVES[waiting.pop()] - reached
        reached |= new
        waiting.extend(new)
    assert reached == set(S)


def test_every_open_state_leads_to_an_end() -> None:
    assert all(MOVES[state] for state in S if state.is_open)

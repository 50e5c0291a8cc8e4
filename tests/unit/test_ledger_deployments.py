"""Releases and deployments: recorded once, numbered in order, moved by the table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.ledger_parts import START, Clock, deploy, open_ledger, record_release
from tidegate.errors import FencedError, LedgerError, MoveError
from tidegate.ledger import Ledger
from tidegate.policy.states import MOVES, may_move
from tidegate.policy.states import DeploymentState as S


def _way_to(state: S) -> list[S]:
    """The shortest way from PLANNED along the table."""
    ways: list[list[S]] = [[S.PLANNED]]
    for way in ways:
        if way[-1] == state:
            return way[1:]
        ways += [[*way, new] for new in sorted(MOVES[way[-1]]) if new not in way]
    raise AssertionError(state)


def test_a_second_recording_of_the_same_release_changes_nothing(ledger: Ledger) -> None:
    first = record_release(ledger)
    entries = len(ledger.audit.entries())
    assert record_release(ledger).id == first.id
    assert len(ledger.audit.entries()) == entries


def test_the_same_tag_with_another_config_is_another_release(ledger: Ledger) -> None:
    assert record_release(ledger, config="c1").id != record_release(ledger, config="c2").id


def test_a_release_that_is_not_there_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="looking for the release nope: there is none"):
        ledger.releases.get("nope")


def test_deployments_are_numbered_per_stack_and_environment(ledger: Ledger) -> None:
    assert [deploy(ledger, f"v{n}").number for n in (1, 2)] == [1, 2]
    assert deploy(ledger, environment="staging").number == 1
    assert ledger.deployments.by_number("cloudlens", "prod", 2).version == "v2"
    assert ledger.deployments.by_number("cloudlens", "prod", 2).slot == "cloudlens-prod-2"


def test_opening_again_with_the_same_key_gives_the_same_deployment(ledger: Ledger) -> None:
    first = deploy(ledger, state=S.WATCHING, run="run-1")
    again = ledger.deployments.open(
        key=first.key,
        release_id=first.release_id,
        environment="prod",
        requested_by="mei",
        run_id="run-1",
    )
    assert (again.id, again.state) == (first.id, S.WATCHING)
    assert len(ledger.deployments.history("cloudlens", "prod")) == 1


@pytest.mark.parametrize("state", [S.PLANNED, S.WAITING, S.GOOD])
def test_a_key_cannot_be_used_for_another_release(ledger: Ledger, state: S) -> None:
    first, other = deploy(ledger, run="run-1", state=state), record_release(ledger, "v2")
    with pytest.raises(LedgerError, match="of another release"):
        ledger.deployments.open(
            key=first.key, release_id=other.id, environment="prod", requested_by="mei", run_id="r"
        )


def test_a_run_has_one_deployment_for_each_plan_that_it_showed(ledger: Ledger) -> None:
    first, other = (
        deploy(ledger, run="run-1", state=S.WAITING),
        record_release(ledger, "v1", config="edited"),
    )
    second = ledger.deployments.open(
        key=f"{first.key}/2",
        release_id=other.id,
        environment="prod",
        requested_by="mei",
        run_id="run-1",
    )
    deploy(ledger, "v3", run="run-2")
    assert [one.id for one in ledger.deployments.of_run("run-1", "prod")] == [second.id, first.id]
    assert ledger.deployments.of_run("run-1", "staging") == []


def test_a_rollback_names_its_origin_and_a_release_does_not(ledger: Ledger) -> None:
    origin = deploy(ledger)
    with pytest.raises(LedgerError, match="has an origin"):
        ledger.deployments.open(
            key="k",
            release_id=origin.release_id,
            environment="prod",
            requested_by="mei",
            run_id="r",
            kind="rollback",
        )
    with pytest.raises(LedgerError, match="has an origin"):
        ledger.deployments.open(
            key="k",
            release_id=origin.release_id,
            environment="prod",
            requested_by="mei",
            run_id="r",
            origin_id=origin.id,
        )


def test_a_deployment_of_an_unknown_release_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="there is no release nope"):
        ledger.deployments.open(
            key="k", release_id="nope", environment="prod", requested_by="mei", run_id="r"
        )


@pytest.mark.parametrize("old", S, ids=lambda state: state.value)
def test_the_ledger_makes_the_moves_of_the_table_and_refuses_all_others(
    ledger: Ledger, old: S
) -> None:
    for number, new in enumerate(S):
        deployment = deploy(ledger, state=S.PLANNED, run=f"run-{number}")
        for state in _way_to(old):
            deployment = ledger.deployments.move(deployment.id, state, reason="way", actor="mei")
        if may_move(old, new):
            assert ledger.deployments.move(deployment.id, new, reason="r", actor="mei").state == new
        elif old != new:
            with pytest.raises(MoveError, match=f"it is {old.value}"):
                ledger.deployments.move(deployment.id, new, reason="r", actor="mei")
            assert ledger.deployments.get(deployment.id).state == old


def test_moving_to_the_state_it_is_in_changes_nothing(ledger: Ledger) -> None:
    deployment = deploy(ledger)
    entries = len(ledger.audit.entries())
    assert (
        ledger.deployments.move(deployment.id, S.GOOD, reason="again", actor="other").reason
        == "test"
    )
    assert len(ledger.audit.entries()) == entries


def test_moving_what_is_not_there_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="no such deployment"):
        ledger.deployments.move("nope", S.GOOD, reason="r", actor="mei")


def test_times_are_those_of_the_clock_in_utc(ledger: Ledger, clock: Clock) -> None:
    deployment = deploy(ledger, state=S.CHANGING)
    switched = clock.tick()
    ledger.deployments.move(deployment.id, S.WATCHING, reason="r", actor="mei")
    good = clock.tick()
    ledger.deployments.move(deployment.id, S.GOOD, reason="r", actor="mei")
    read = ledger.deployments.get(deployment.id)
    assert (read.created_at, read.switched_at, read.good_at, read.ended_at) == (
        START,
        switched,
        good,
        good,
    )
    assert read.created_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    clock = Clock()
    with open_ledger(tmp_path, clock) as ledger:
        clock.now = datetime(2026, 3, 1)
        with pytest.raises(LedgerError, match="without a zone"):
            record_release(ledger)


def test_history_is_newest_first_and_can_be_cut(ledger: Ledger) -> None:
    for version in ("v1", "v2", "v3"):
        deploy(ledger, version)
    assert [one.number for one in ledger.deployments.history("cloudlens", "prod")] == [3, 2, 1]
    assert [one.number for one in ledger.deployments.history("cloudlens", "prod", limit=2)] == [
        3,
        2,
    ]


def test_open_ones_are_those_that_somebody_must_act_on(ledger: Ledger) -> None:
    deploy(ledger, state=S.GOOD)
    deploy(ledger, state=S.FAILED)
    waiting = deploy(ledger, state=S.WAITING)
    staging = deploy(ledger, state=S.CHANGING, environment="staging")
    assert {one.id for one in ledger.deployments.open_ones()} == {waiting.id, staging.id}
    assert [one.id for one in ledger.deployments.open_ones("cloudlens", "staging")] == [staging.id]


def test_amending_leaves_what_is_not_given_and_merges_figures(ledger: Ledger) -> None:
    deployment = deploy(ledger, state=S.PLANNED)
    ledger.deployments.amend(deployment.id, plan_hash="p", schema_before="a", figures={"total": 10})
    ledger.deployments.amend(deployment.id, schema_after="b", figures={"failed": 0})
    read = ledger.deployments.get(deployment.id)
    assert (read.plan_hash, read.schema_before, read.schema_after) == ("p", "a", "b")
    assert read.figures == {"total": 10, "failed": 0}


def test_amending_with_what_is_known_leaves_no_audit_row(ledger: Ledger) -> None:
    deployment = deploy(ledger, state=S.PLANNED)
    ledger.deployments.amend(deployment.id, plan_hash="p", figures={"total": 10})
    entries = len(ledger.audit.entries())
    ledger.deployments.amend(deployment.id, plan_hash="p", figures={"total": 10})
    assert len(ledger.audit.entries()) == entries


def test_the_way_back_is_fixed_once_changing_has_begun(ledger: Ledger) -> None:
    first, second = deploy(ledger, "v1"), deploy(ledger, "v2")
    third = deploy(ledger, "v3", S.WAITING)
    ledger.deployments.amend(third.id, rollback_target_id=second.id)
    ledger.deployments.move(third.id, S.CHANGING, reason="approved", actor="mei")
    assert (
        ledger.deployments.amend(third.id, rollback_target_id=second.id).rollback_target_id
        == second.id
    )
    with pytest.raises(LedgerError, match="its way back is fixed"):
        ledger.deployments.amend(third.id, rollback_target_id=first.id)


def test_a_way_back_that_does_not_exist_is_refused_by_the_database(ledger: Ledger) -> None:
    deployment = deploy(ledger, state=S.PLANNED)
    with pytest.raises(LedgerError, match="FOREIGN KEY"):
        ledger.deployments.amend(deployment.id, rollback_target_id="nope")


def test_every_change_with_a_stale_fence_is_refused(ledger: Ledger) -> None:
    deployment = deploy(ledger, state=S.CHANGING)
    stale = ledger.locks.acquire("cloudlens", "prod", "run-1", 60).fence
    newest = ledger.locks.acquire("cloudlens", "prod", "run-2", 60, take_over=True).fence
    changes: list[Callable[[int], object]] = [
        lambda fence: ledger.deployments.move(
            deployment.id, S.WATCHING, reason="r", actor="mei", fence=fence
        ),
        lambda fence: ledger.deployments.amend(deployment.id, figures={"total": 1}, fence=fence),
        lambda fence: ledger.journal.begin(deployment.id, "shift-traffic", {}, fence=fence),
        lambda fence: ledger.deployments.open(
            key="new",
            release_id=deployment.release_id,
            environment="prod",
            requested_by="mei",
            run_id="r",
            fence=fence,
        ),
    ]
    for change in changes:
        with pytest.raises(
            FencedError, match=rf"run-2 took over \(fence {newest} is above {stale}\)"
        ):
            change(stale)
    assert ledger.deployments.get(deployment.id).state == S.CHANGING
    for change in changes:
        change(newest)


def test_a_fence_of_one_environment_says_nothing_about_another(ledger: Ledger) -> None:
    deployment = deploy(ledger, state=S.CHANGING, environment="staging")
    for owner in ("run-1", "run-2"):
        ledger.locks.acquire("cloudlens", "prod", owner, 60, take_over=True)
    assert (
        ledger.deployments.move(deployment.id, S.WATCHING, reason="r", actor="mei", fence=1).state
        == S.WATCHING
    )


def test_rows_can_be_read_after_the_ledger_is_closed(tmp_path: Path, clock: Clock) -> None:
    with open_ledger(tmp_path, clock) as ledger:
        deployment = ledger.deployments.get(deploy(ledger).id)
    assert (deployment.version, deployment.release.images) == ("v1", {"backend": "sha256:v1"})

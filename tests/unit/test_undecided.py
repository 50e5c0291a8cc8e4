"""What recovery does about deployments that have not begun: a killed rollback is still wanted, a
killed release is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.states import Cancelled, Crashed, Failed, Running
from pytest_mock import MockerFixture

from setup.places import ROOT
from tasks.back.recovery import end_undecided, stranded
from tests.unit.ledger_parts import PATH_TO, Clock, deploy
from tidegate.each import Parted
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, stacks=ROOT / "stacks")


@pytest.fixture(autouse=True)
def no_environment_is_opened(mocker: MockerFixture) -> None:
    mocker.patch("tasks.back.recovery.work_on", side_effect=lambda settings, one: one)


def found(parted: Parted[Any]) -> list[Any]:
    assert parted.faulty == ()
    return list(parted.good.values())


def run_is(mocker: MockerFixture, state: Any) -> None:
    mocker.patch("tasks.back.recovery.run_state", return_value=state)


def rollback(ledger: Ledger) -> Deployment:
    """From v2, which serves, back to v1; opened, and nothing else."""
    first, second = deploy(ledger, "v1"), deploy(ledger, "v2")
    return ledger.deployments.open(
        key="rollback/run-3/prod",
        release_id=first.release_id,
        environment="prod",
        requested_by="mei",
        run_id="run-3",
        kind="rollback",
        origin_id=first.id,
        rollback_target_id=second.id,
        reason="wrong sums",
    )


def test_a_rollback_that_was_killed_before_it_began_goes_on(
    ledger: Ledger, settings: Settings, mocker: MockerFixture
) -> None:
    back = rollback(ledger)
    run_is(mocker, Crashed())
    assert found(end_undecided(settings)) == []
    assert [one.id for one in found(stranded(settings))] == [back.id]


@pytest.mark.parametrize(
    ("state", "ends"), [(Running(), []), (Cancelled(), ["its run is Cancelled"])]
)
def test_a_rollback_that_is_at_work_is_left_alone_and_a_cancelled_one_ended(
    ledger: Ledger, settings: Settings, mocker: MockerFixture, state: Any, ends: list[str]
) -> None:
    rollback(ledger)
    run_is(mocker, state)
    assert [one.deployment.reason for one in found(end_undecided(settings))] == ends
    assert found(stranded(settings)) == []


def test_a_killed_rollback_is_not_wanted_any_more_once_what_it_was_to_leave_has_been_left(
    ledger: Ledger, settings: Settings, mocker: MockerFixture
) -> None:
    back = rollback(ledger)
    deploy(ledger, "v3")
    run_is(mocker, Crashed())
    assert [(one.deployment.id, one.too_late) for one in found(end_undecided(settings))] == [
        (back.id, False)
    ]
    assert found(stranded(settings)) == []


@pytest.mark.parametrize(("seconds", "is_wanted"), [(-30, True), (30, False)])
def test_a_rollback_that_was_killed_long_ago_is_not_begun_out_of_the_blue(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    mocker: MockerFixture,
    seconds: int,
    is_wanted: bool,
) -> None:
    clock.now -= timedelta(minutes=15, seconds=seconds)
    back = rollback(ledger)
    run_is(mocker, Crashed())
    assert [one.deployment.id for one in found(end_undecided(settings))] == (
        [] if is_wanted else [back.id]
    )
    assert [one.id for one in found(stranded(settings))] == ([back.id] if is_wanted else [])


def test_a_run_that_was_set_going_without_an_answer_is_ended(
    ledger: Ledger, settings: Settings, mocker: MockerFixture
) -> None:
    """Its process is none: nobody would ask again."""
    waiting = deploy(ledger, "v1", S.WAITING)
    run_is(mocker, Running())
    by_hand = mocker.patch("tasks.back.recovery.was_set_by_hand", return_value=False)
    cancel = mocker.patch("tasks.back.recovery.cancel_run")
    assert found(end_undecided(settings)) == []
    by_hand.return_value = True
    ((ended, too_late, is_told),) = found(end_undecided(settings))
    assert (ended.id, ended.state, too_late, is_told) == (waiting.id, S.EXPIRED, False, False)
    assert "without an answer to its question" in cancel.call_args.args[1]


@pytest.mark.parametrize(("state", "is_told"), [(Failed(), True), (Cancelled(), False)])
def test_a_run_that_failed_has_said_so_itself(
    ledger: Ledger, settings: Settings, mocker: MockerFixture, state: Any, is_told: bool
) -> None:
    deploy(ledger, "v1", S.WAITING)
    run_is(mocker, state)
    ((_, too_late, told),) = found(end_undecided(settings))
    assert (too_late, told) == (False, is_told)


@pytest.mark.parametrize(
    ("kind", "state", "is_taken_up"),
    [
        ("release", S.GOOD, True),
        ("restore", S.GOOD, False),
        ("release", S.CHANGING, True),
        ("restore", S.CHANGING, True),
        ("release", S.FAILED, False),
    ],
)
def test_what_was_only_to_be_cleared_up_is_taken_up_too_but_not_after_a_restore(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    kind: Any,
    state: S,
    is_taken_up: bool,
) -> None:
    clock.now -= timedelta(hours=1)
    release = deploy(ledger, "v1", S.PLANNED)
    opened = ledger.deployments.open(
        key="it",
        release_id=release.release_id,
        environment="prod",
        requested_by="mei",
        run_id="run-9",
        kind=kind,
        origin_id=release.id if kind == "restore" else None,
    )
    for step in PATH_TO[state]:
        ledger.deployments.move(opened.id, step, reason="test", actor="mei")
    ledger.locks.acquire("cloudlens", "prod", "it", ttl_seconds=30)
    assert [one.id for one in found(stranded(settings))] == ([opened.id] if is_taken_up else [])


def test_whose_heart_beats_is_left_alone(ledger: Ledger, settings: Settings) -> None:
    one = deploy(ledger, "v1", S.CHANGING)
    ledger.locks.acquire("cloudlens", "prod", one.key, ttl_seconds=30)
    assert found(stranded(settings)) == []


def test_a_release_that_was_killed_before_it_began_is_ended(
    ledger: Ledger, settings: Settings, mocker: MockerFixture
) -> None:
    release = deploy(ledger, "v1", S.PLANNED)
    run_is(mocker, Crashed())
    ((ended, too_late, _),) = found(end_undecided(settings))
    assert (ended.id, ended.state, too_late) == (release.id, S.EXPIRED, False)


def test_a_question_that_nobody_answers_in_time_is_ended_and_its_run_too(
    ledger: Ledger, settings: Settings, clock: Clock, mocker: MockerFixture
) -> None:
    clock.now -= timedelta(days=30)
    waiting = deploy(ledger, "v1", S.WAITING)
    ledger.deployments.amend(
        waiting.id, figures={"decide_before": (clock.now + timedelta(hours=48)).isoformat()}
    )
    cancel = mocker.patch("tasks.back.recovery.cancel_run")
    ((ended, too_late, _),) = found(end_undecided(settings))
    assert (ended.state, too_late) == (S.EXPIRED, True)
    assert ended.reason.startswith("nobody decided before")
    assert cancel.call_args.args[0] == ended.run_id

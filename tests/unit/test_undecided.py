"""What recovery does about deployments that have not begun: a killed rollback is still wanted, a
killed release is not. And about those that ended without a word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.states import Cancelled, Crashed, Running
from pytest_mock import MockerFixture

from setup.places import ROOT
from tasks.back.recovery import end_undecided, stranded
from tasks.back.untold import untold
from tests.unit.ledger_parts import Clock, deploy, open_ledger
from tidegate.each import Parted
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings
from tidegate.stack.file import load_stack


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = datetime.now(UTC)
    return clock


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with open_ledger(tmp_path, clock) as ledger:
        yield ledger


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
    for module in ("recovery", "untold"):
        mocker.patch(f"tasks.back.{module}.run_state", return_value=state)


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


def test_a_rollback_that_was_killed_long_ago_is_not_begun_out_of_the_blue(
    ledger: Ledger, settings: Settings, clock: Clock, mocker: MockerFixture
) -> None:
    clock.now -= timedelta(hours=1)
    back = rollback(ledger)
    run_is(mocker, Crashed())
    assert [one.deployment.id for one in found(end_undecided(settings))] == [back.id]
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


def test_what_somebody_is_bringing_to_its_end_is_told_by_nobody_else(
    ledger: Ledger, settings: Settings, clock: Clock, mocker: MockerFixture
) -> None:
    stack = load_stack(settings.stacks / "cloudlens")
    told = stack.model_copy(update={"notify": ("everybody",)})
    mocker.patch("tasks.back.untold.every_stack", return_value=SimpleNamespace(good=(told,)))
    run_is(mocker, Crashed())
    good = deploy(ledger, "v1")
    lock = ledger.locks.acquire(good.stack, good.environment, good.key, ttl_seconds=30)
    assert found(untold(settings)) == []
    ledger.locks.release(lock)
    assert [(one.deployment.id, one.kind) for one in found(untold(settings))] == [
        (good.id, "released")
    ]


@pytest.mark.parametrize(
    ("state", "kind"),
    [(S.FAILED, "failed"), (S.GOOD, "released"), (S.CHANGING, None), (S.WAITING, None)],
)
def test_what_ended_without_a_word_is_told_as_what_it_was(
    ledger: Ledger, settings: Settings, mocker: MockerFixture, state: S, kind: str | None
) -> None:
    stack = load_stack(settings.stacks / "cloudlens")
    told = stack.model_copy(update={"notify": ("everybody",)})
    mocker.patch("tasks.back.untold.every_stack", return_value=SimpleNamespace(good=(told,)))
    run_is(mocker, Crashed())
    one = deploy(ledger, "v1", state)
    assert [(late.deployment.id, late.kind) for late in found(untold(settings))] == (
        [(one.id, kind)] if kind else []
    )
    run_is(mocker, Running())
    assert found(untold(settings)) == []

"""What came to its end while its run died before a word was said of it is told late, once, and while
it is news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.states import Cancelled, Completed, Crashed, Failed, Running
from pytest_mock import MockerFixture

from setup.places import ROOT
from tasks.back.untold import untold
from tests.unit.ledger_parts import Clock, deploy
from tidegate.ledger import Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings
from tidegate.stack.file import load_stack


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, stacks=ROOT / "stacks")


@pytest.fixture(autouse=True)
def run(mocker: MockerFixture) -> Any:
    """Every run has crashed."""
    return mocker.patch("tasks.back.untold.run_state", return_value=Crashed())


@pytest.fixture(autouse=True)
def stack(mocker: MockerFixture, settings: Settings) -> Any:
    """Somebody hears of it."""
    stack = load_stack(settings.stacks / "cloudlens").model_copy(update={"notify": ("all",)})
    mocker.patch("tasks.back.untold.every_stack", return_value=SimpleNamespace(good=(stack,)))
    return stack


def told(settings: Settings) -> list[tuple[str, str]]:
    parted = untold(settings)
    assert parted.faulty == ()
    return [(one.deployment.id, one.kind) for one in parted.good.values()]


def test_what_somebody_is_bringing_to_its_end_is_told_by_nobody_else(
    ledger: Ledger, settings: Settings
) -> None:
    good = deploy(ledger, "v1")
    lock = ledger.locks.acquire(good.stack, good.environment, good.key, ttl_seconds=30)
    assert told(settings) == []
    ledger.locks.release(lock)
    assert told(settings) == [(good.id, "released")]


@pytest.mark.parametrize(
    ("state", "kind"),
    [(S.FAILED, "failed"), (S.GOOD, "released"), (S.CHANGING, None), (S.WAITING, None)],
)
def test_what_ended_without_a_word_is_told_as_what_it_was(
    ledger: Ledger, settings: Settings, run: Any, state: S, kind: str | None
) -> None:
    one = deploy(ledger, "v1", state)
    assert told(settings) == ([(one.id, kind)] if kind else [])
    run.return_value = Running()
    assert told(settings) == []


@pytest.mark.parametrize(("state", "kind"), [(S.GOOD, "released"), (S.FAILED, None)])
@pytest.mark.parametrize("ended", [Cancelled(), Failed()], ids=["cancelled", "failed"])
def test_a_run_that_ends_badly_tells_bad_news_itself_and_no_good_ones(
    ledger: Ledger, settings: Settings, run: Any, ended: Any, state: S, kind: str | None
) -> None:
    one, run.return_value = deploy(ledger, "v1", state), ended
    assert told(settings) == ([(one.id, kind)] if kind else [])


def test_a_run_that_went_well_has_told_all(ledger: Ledger, settings: Settings, run: Any) -> None:
    deploy(ledger, "v1")
    run.return_value = Completed()
    assert told(settings) == []


def test_the_newest_of_a_place_is_told(ledger: Ledger, settings: Settings) -> None:
    deploy(ledger, "v1", S.FAILED)
    newest = deploy(ledger, "v2")
    assert told(settings) == [(newest.id, "released")]


@pytest.mark.parametrize("is_no", [True, False])
def test_what_nobody_said_no_to_needs_a_person(
    ledger: Ledger, settings: Settings, clock: Clock, is_no: bool
) -> None:
    one = deploy(ledger, "v1", S.WAITING)
    if is_no:
        ledger.approvals.record(
            deployment_id=one.id,
            plan_hash="a",
            decision="rejected",
            approver="mei",
            reason="no price",
            expires_at=clock.now + timedelta(hours=1),
        )
    ledger.deployments.move(one.id, S.REJECTED, reason="test", actor="mei")
    assert told(settings) == [(one.id, "rejected" if is_no else "needs_person")]


@pytest.mark.parametrize(("minutes", "is_news"), [(119, True), (121, False)])
@pytest.mark.parametrize("state", [S.FAILED, S.GOOD])
def test_it_is_news_for_two_hours(
    ledger: Ledger, settings: Settings, clock: Clock, minutes: int, is_news: bool, state: S
) -> None:
    """From its end, or else from the moment when it served: it was begun long before."""
    clock.now -= timedelta(minutes=minutes)
    one = deploy(ledger, "v1", S.CHANGING if state is S.FAILED else S.WATCHING)
    ledger.deployments.move(one.id, state, reason="test", actor="mei")
    assert bool(told(settings)) is is_news


def test_it_is_the_end_that_makes_it_news(ledger: Ledger, settings: Settings, clock: Clock) -> None:
    clock.now -= timedelta(hours=3)
    one = deploy(ledger, "v1", S.CHANGING)
    clock.now += timedelta(hours=3)
    ledger.deployments.move(one.id, S.FAILED, reason="test", actor="mei")
    assert told(settings) == [(one.id, "failed")]


def test_of_a_quiet_environment_bad_news_are_told_alone(
    ledger: Ledger, settings: Settings, stack: Any
) -> None:
    quiet = next(name for name, one in stack.environments.items() if not one.loud)
    deploy(ledger, "v1", environment=quiet)
    assert told(settings) == []
    failed = deploy(ledger, "v2", S.FAILED, environment=quiet)
    assert told(settings) == [(failed.id, "failed")]


@pytest.mark.parametrize("outcome", ["sent", "not sent", "begun"])
def test_what_was_said_or_tried_is_not_said_again(
    ledger: Ledger, settings: Settings, outcome: str
) -> None:
    one = deploy(ledger, "v1")
    ledger.messages.begin(key="a", kind="released", channel="all", deployment_id=one.id)
    if outcome == "sent":
        ledger.messages.sent("a")
    if outcome == "not sent":
        ledger.messages.failed("a", "no network")
    assert told(settings) == ([(one.id, "released")] if outcome == "begun" else [])


def test_good_news_do_not_follow_bad_ones(ledger: Ledger, settings: Settings) -> None:
    one = deploy(ledger, "v1")
    ledger.messages.begin(key="a", kind="needs_person", channel="all", deployment_id=one.id)
    ledger.messages.sent("a")
    assert told(settings) == []


def test_where_nobody_hears_of_it_nothing_is_told(
    ledger: Ledger, settings: Settings, stack: Any, mocker: MockerFixture
) -> None:
    deaf = stack.model_copy(update={"notify": ()})
    mocker.patch("tasks.back.untold.every_stack", return_value=SimpleNamespace(good=(deaf,)))
    deploy(ledger, "v1")
    assert told(settings) == []

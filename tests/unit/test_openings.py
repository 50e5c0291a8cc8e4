"""Under which key a deployment is opened, and which configurations are kept for a way back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.runtime import flow_run

from tasks.frame.messages import approver_of
from tasks.frame.opening import _key_of, drop_needless
from tests.unit.ledger_parts import Clock, deploy
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings


@pytest.fixture
def env(ledger: Ledger, tmp_path: Path) -> Any:
    return SimpleNamespace(
        stack=SimpleNamespace(name="cloudlens"),
        name="prod",
        ledger=ledger,
        settings=Settings(home=tmp_path),
    )


def opened(number: int, state: S, plan_hash: str) -> Deployment:
    return Deployment(key=f"opened as {number}", state=state, plan_hash=plan_hash)


@pytest.mark.parametrize(
    ("mine", "key"),
    [
        ([], "release/run-1/prod"),
        ([opened(1, S.WAITING, "this")], "opened as 1"),
        ([opened(1, S.FAILED, "this")], "opened as 1"),
        ([opened(1, S.WAITING, "another")], "release/run-1/prod/2"),
        ([opened(1, S.GOOD, "this")], "release/run-1/prod/2"),
        ([opened(1, S.SUPERSEDED, "this")], "release/run-1/prod/2"),
        ([opened(2, S.ROLLED_BACK, "this"), opened(1, S.GOOD, "old")], "release/run-1/prod/3"),
        ([opened(2, S.WAITING, "this"), opened(1, S.EXPIRED, "old")], "opened as 2"),
        ([opened(2, S.WAITING, "new"), opened(1, S.EXPIRED, "this")], "release/run-1/prod/3"),
    ],
)
def test_the_same_plan_is_the_same_deployment_and_another_one_is_another(
    env: Any, monkeypatch: pytest.MonkeyPatch, mine: Sequence[Deployment], key: str
) -> None:
    """What was deployed is deployed anew."""
    monkeypatch.setattr(flow_run, "get_id", lambda: "run-1", raising=False)
    plan: Any = SimpleNamespace(hash="this")
    assert _key_of(env, plan, mine) == key


def seal(env: Any, *deployments: Deployment) -> None:
    for one in deployments:
        (env.settings.home / "sealed" / one.id).mkdir(parents=True)


def kept(env: Any) -> set[str]:
    drop_needless(env)
    return {one.name for one in (env.settings.home / "sealed").iterdir()}


def test_the_configurations_of_twenty_one_good_releases_are_kept(env: Any, ledger: Ledger) -> None:
    every = [deploy(ledger, f"v{number}") for number in range(23)]
    seal(env, *every)
    assert kept(env) == {one.id for one in every[-21:]}


def test_what_ended_without_having_been_good_is_dropped_and_what_is_open_stays(
    env: Any, ledger: Ledger
) -> None:
    good, failed = deploy(ledger), deploy(ledger, "v2", S.FAILED)
    waits = deploy(ledger, "v3", S.WAITING)
    seal(env, good, failed, waits)
    assert kept(env) == {good.id, waits.id}


def test_of_a_rollback_the_release_is_kept_that_it_puts_back(env: Any, ledger: Ledger) -> None:
    every = [deploy(ledger, f"v{number}") for number in range(23)]
    back = deploy(ledger, origin=every[0])
    seal(env, *every, back)
    assert kept(env) == {every[0].id, *(one.id for one in every[-21:])}


def test_who_decided_last_approved_it(env: Any, ledger: Ledger, clock: Clock) -> None:
    one = deploy(ledger, "v1", S.WAITING)
    work: Any = SimpleNamespace(env=env, deployment=one)
    assert approver_of(work) is None
    for person in ("josh", "mei"):
        ledger.approvals.record(
            deployment_id=one.id,
            plan_hash="a",
            decision="approved",
            approver=person,
            reason="tried",
            expires_at=clock.tick(),
        )
    assert approver_of(work) == "mei"

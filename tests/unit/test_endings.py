"""How a deployment that goes wrong ends, and which version is held for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prefect.logging import disable_run_logger

from tasks.frame.deployments import (
    begin_change,
    close_failed,
    is_to_blame,
    leave_to_person,
    place_hold,
    place_hold_on,
    previous,
    reason_of,
    refuse_ended,
)
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tests.unit.ledger_parts import deploy
from tests.unit.plans import COMMIT
from tidegate.errors import (
    EngineError,
    LedgerError,
    LockedError,
    MigrationError,
    RegressionError,
    SmokeError,
    TidegateError,
    UnhealthyError,
    WayBackError,
)
from tidegate.ledger import Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.secrecy.redaction import Redactor
from tidegate.settings import Settings
from tidegate.versions import Version


def error(kind: type[TidegateError], *, retryable: bool = False) -> TidegateError:
    return kind("trying", "it broke", "Try again", retryable=retryable)


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


@pytest.fixture
def env(ledger: Ledger, tmp_path: Path) -> Any:
    return SimpleNamespace(
        stack=SimpleNamespace(name="cloudlens"),
        name="prod",
        config=SimpleNamespace(hold=True),
        edge=SimpleNamespace(route=lambda stack, environment: None),
        backups=SimpleNamespace(names=list),
        ledger=ledger,
        redactor=Redactor({}),
        settings=Settings(home=tmp_path),
    )


def at_work(env: Any, state: S = S.CHANGING) -> Work:
    """A version that replaces one which serves, in `state`."""
    old = deploy(env.ledger, "v1")
    new = deploy(env.ledger, "v2", S.PLANNED)
    opened = env.ledger.deployments.open(
        key="release/run-9/prod",
        release_id=new.release_id,
        environment="prod",
        requested_by="mei",
        run_id="run-9",
        kind="release",
        rollback_target_id=old.id,
    )
    for one in {S.WATCHING: (S.CHANGING, S.WATCHING), S.CHANGING: (S.CHANGING,)}.get(state, ()):
        opened = env.ledger.deployments.move(opened.id, one, reason="test", actor="mei")
    return Work(
        env=cast(OpenEnvironment, env),
        deployment=opened,
        version=Version("v2", replace(COMMIT, sha=opened.release.commit)),
        pins={},
    )


@pytest.mark.parametrize("kind", [UnhealthyError, SmokeError, MigrationError, RegressionError])
def test_a_version_is_to_blame_for_its_own_fault_unless_it_may_pass(
    kind: type[TidegateError],
) -> None:
    assert is_to_blame(error(kind))
    assert not is_to_blame(error(kind, retryable=True))


@pytest.mark.parametrize("other", [error(EngineError), error(WayBackError), KeyError("a")])
def test_it_is_to_blame_for_no_other(other: Exception) -> None:
    assert not is_to_blame(other)


def held(env: Any) -> list[str]:
    return [hold.version for hold in env.ledger.holds.active("cloudlens")]


def test_a_version_that_is_to_blame_is_held(env: Any) -> None:
    said = place_hold.fn(at_work(env), error(SmokeError))
    assert said["held"] is True
    assert held(env) == ["v2"]


def test_where_versions_are_tried_none_is_held(env: Any) -> None:
    env.config.hold = False
    said = place_hold.fn(at_work(env), error(SmokeError))
    assert said == {"held": False, "why": "prod is there to try"}
    assert held(env) == []


def test_a_version_that_is_not_to_blame_is_not_held(env: Any) -> None:
    said = place_hold.fn(at_work(env), error(EngineError))
    assert said == {"held": False, "why": "the version is not to blame"}
    assert held(env) == []


def test_a_rollback_holds_what_it_left(env: Any) -> None:
    work = at_work(env)
    left = env.ledger.deployments.current("cloudlens", "prod")
    assert place_hold_on.fn(work, left, "wrong sums")["held"] == "v1"
    assert held(env) == ["v1"]


def test_a_rollback_to_the_same_version_holds_nothing(env: Any) -> None:
    work = at_work(env)
    left = env.ledger.deployments.current("cloudlens", "prod")
    same = replace(work, version=Version("v1", replace(COMMIT, sha=left.release.commit)))
    assert place_hold_on.fn(same, left, "wrong sums") == {
        "held": None,
        "why": "the same version serves again, with another configuration",
    }
    assert held(env) == []


@pytest.mark.parametrize(
    ("state", "ends"),
    [(S.PLANNED, S.FAILED), (S.CHANGING, S.FAILED), (S.WATCHING, S.ROLLED_BACK)],
)
def test_what_never_served_has_failed_and_what_did_is_rolled_back(
    env: Any, state: S, ends: S
) -> None:
    assert close_failed(at_work(env, state), error(SmokeError)).deployment.state is ends


@pytest.mark.parametrize(
    ("state", "kind", "ends", "old"),
    [
        (S.PLANNED, EngineError, S.REJECTED, S.GOOD),
        (S.CHANGING, WayBackError, S.NEEDS_PERSON, S.GOOD),
        (S.WATCHING, WayBackError, S.NEEDS_PERSON, S.SUPERSEDED),
        (S.WATCHING, EngineError, S.ROLLBACK_FAILED, S.GOOD),
    ],
)
def test_what_is_left_to_a_person_says_how_far_it_came(
    env: Any, state: S, kind: type[TidegateError], ends: S, old: S
) -> None:
    """A new version that stays has taken the place of the old one."""
    work = leave_to_person(at_work(env, state), error(kind))
    before = previous(work)
    assert before is not None
    assert (work.deployment.state, before.state) == (ends, old)


def test_the_reason_is_what_the_error_says_or_else_its_name() -> None:
    assert reason_of(KeyError()) == "KeyError"
    assert reason_of(ValueError("no price")) == "no price"


def test_nothing_goes_on_that_has_ended(env: Any) -> None:
    work = close_failed(at_work(env), error(SmokeError))
    with pytest.raises(LedgerError, match="it has ended: failed"):
        refuse_ended(work)
    with pytest.raises(LedgerError, match="it has ended: failed"):
        begin_change(work)


def test_a_change_begins_once_and_not_beside_another_one(env: Any) -> None:
    work = at_work(env, S.PLANNED)
    begun = begin_change(work)
    assert begun.deployment.state is S.CHANGING
    assert begin_change(work).deployment.state is S.CHANGING
    other = deploy(env.ledger, "v3", S.PLANNED)
    with pytest.raises(LockedError, match="v2 is in the middle of its change") as raised:
        begin_change(replace(work, deployment=other))
    assert raised.value.retryable

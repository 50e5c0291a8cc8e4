"""A lock is held for as long as the work lasts: its heart beats, and it is given back at the end,
however that comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prefect.logging import disable_run_logger

from tasks.frame import locks
from tasks.frame.locks import holding_lock
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tests.unit.ledger_parts import Clock, deploy
from tests.unit.plans import COMMIT
from tidegate.errors import LedgerError, LockedError
from tidegate.ledger import Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.secrecy.redaction import Redactor
from tidegate.settings import Settings
from tidegate.versions import Version

TTL_SECONDS = 0.3


@pytest.fixture
def env(ledger: Ledger, tmp_path: Path) -> Iterator[Any]:
    settings = Settings(home=tmp_path).model_copy(update={"lock_ttl_seconds": TTL_SECONDS})
    with disable_run_logger():
        yield SimpleNamespace(
            stack=SimpleNamespace(name="cloudlens"),
            name="prod",
            edge=SimpleNamespace(route=lambda stack, environment: None),
            ledger=ledger,
            redactor=Redactor({}),
            settings=settings,
        )


def away() -> LedgerError:
    return LedgerError("renewing", "the database is locked", "Look at it", retryable=True)


def work(env: Any, state: S = S.CHANGING) -> Work:
    return Work(
        env=cast(OpenEnvironment, env),
        deployment=deploy(env.ledger, "v1", state),
        version=Version("v1", COMMIT),
        pins={},
    )


def test_its_heart_beats_three_times_as_often_as_it_must(env: Any, clock: Clock) -> None:
    """Its thread keeps no process alive that ends."""
    beats, beat = list[float](), env.ledger.locks.heartbeat

    def heard(lock: Any) -> Any:
        beats.append(time.monotonic())
        return beat(lock)

    env.ledger.locks.heartbeat = heard
    begun = time.monotonic()
    with holding_lock(work(env)) as held:
        assert held.lock is not None
        assert held.lock.owner == held.deployment.key
        [heart] = [one for one in threading.enumerate() if one.name.endswith("(_beat)")]
        assert heart.daemon
        while len(beats) < 3 and time.monotonic() < begun + 10:
            time.sleep(0.01)
    assert len(beats) >= 3
    assert beats[2] - begun >= TTL_SECONDS * 0.9
    assert not heart.is_alive()


def test_its_heart_beats_on_after_errors_of_the_ledger(
    env: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else gets the lock only when nobody is at work any more."""
    monkeypatch.setattr(locks, "BEAT_AGAIN_SECONDS", TTL_SECONDS / 10)
    failures, beat = [away(), away()], env.ledger.locks.heartbeat
    arrived = threading.Event()

    def renew(lock: Any) -> None:
        if failures:
            raise failures.pop()
        beat(lock)
        arrived.set()

    env.ledger.locks.heartbeat = renew
    with holding_lock(work(env)):
        assert arrived.wait(10)


def test_its_heart_ends_where_a_newer_owner_has_it(env: Any) -> None:
    with holding_lock(work(env)):
        [heart] = [one for one in threading.enumerate() if one.name.endswith("(_beat)")]
        env.ledger.locks.acquire("cloudlens", "prod", "rollback/run-9", 60, take_over=True)
        heart.join(10)
        assert not heart.is_alive()


@pytest.mark.parametrize("breaks", [False, True])
def test_work_ends_as_it_ended_where_the_lock_cannot_be_given_back(env: Any, breaks: bool) -> None:
    """Nobody renews it any more, so that it is free soon."""

    def fail(lock: Any) -> None:
        raise away()

    env.ledger.locks.release = fail
    with pytest.raises(KeyError) if breaks else nullcontext(), holding_lock(work(env)):
        if breaks:
            raise KeyError("it breaks")


def test_it_is_given_back_also_where_the_work_fails(env: Any) -> None:
    def fail() -> None:
        with holding_lock(work(env)):
            assert len(env.ledger.locks.holders()) == 1
            raise KeyError("it breaks")

    with pytest.raises(KeyError):
        fail()
    assert env.ledger.locks.holders() == []


def test_one_that_was_taken_over_is_left_to_the_newer_owner(env: Any) -> None:
    with holding_lock(work(env)):
        env.ledger.locks.acquire("cloudlens", "prod", "rollback/run-9", 60, take_over=True)
        time.sleep(TTL_SECONDS / 2)
    assert [one.owner for one in env.ledger.locks.holders()] == ["rollback/run-9"]


def test_a_way_back_takes_it_from_somebody_else(env: Any) -> None:
    env.ledger.locks.acquire("cloudlens", "prod", "another", 600)
    with holding_lock(work(env), take_over=True) as held:
        assert [one.owner for one in env.ledger.locks.holders()] == [held.deployment.key]


@pytest.mark.parametrize(("state", "ends"), [(S.PLANNED, S.FAILED), (S.CHANGING, S.CHANGING)])
def test_what_never_began_has_failed_where_somebody_else_holds_it_and_people_are_told(
    env: Any, monkeypatch: pytest.MonkeyPatch, state: S, ends: S
) -> None:
    told = list[str]()
    monkeypatch.setattr(locks, "tell", lambda work, kind, error: told.append(kind))
    env.ledger.locks.acquire("cloudlens", "prod", "another", 600)
    mine = work(env, state)
    with pytest.raises(LockedError), holding_lock(mine):
        pass
    assert env.ledger.deployments.get(mine.deployment.id).state is ends
    assert told == (["failed"] if ends is S.FAILED else [])

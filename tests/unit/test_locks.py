"""Locks and fences: one owner at a time, and a late one is told from the newest."""

from __future__ import annotations

from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from threading import Barrier, Thread

import pytest
from pytest_mock import MockerFixture

from tests.unit.ledger_parts import START, Clock, deploy, ledger_url
from tidegate.errors import FencedError, LockedError
from tidegate.ledger import Deployment, Ledger
from tidegate.ledger.columns import DeploymentKind
from tidegate.ledger.store import open_engine
from tidegate.policy.states import DeploymentState as S


def _take(ledger: Ledger, owner: str, environment: str = "prod") -> int:
    return ledger.locks.acquire("cloudlens", environment, owner, ttl_seconds=60).fence


def test_looking_at_a_lock_refuses_all_but_its_owner_while_that_lives_and_takes_nothing(
    ledger: Ledger, clock: Clock
) -> None:
    ledger.locks.refuse_held("cloudlens", "prod", by="run-2")
    fence = _take(ledger, "run-1")
    ledger.locks.refuse_held("cloudlens", "prod", by="run-1")
    with pytest.raises(LockedError):
        ledger.locks.refuse_held("cloudlens", "prod", by="run-2")
    clock.tick(60)
    ledger.locks.refuse_held("cloudlens", "prod", by="run-2")
    assert [lock.fence for lock in ledger.locks.holders()] == [fence]


def test_a_held_lock_is_refused_with_its_owner_and_what_to_do(ledger: Ledger, clock: Clock) -> None:
    _take(ledger, "run-1")
    clock.tick(30)
    with pytest.raises(LockedError) as refused:
        _take(ledger, "run-2")
    assert refused.value.retryable
    assert refused.value.came_back == "run-1 holds it since 2026-03-01 12:00:00 UTC"
    assert "from 2026-03-01 12:01:00 UTC" in refused.value.to_do


def test_of_two_that_go_on_for_the_same_silent_owner_one_gets_it(
    ledger: Ledger, clock: Clock
) -> None:
    fence = _take(ledger, "run-1")
    clock.tick(60)
    assert _take(ledger, "run-1") == fence + 1
    with pytest.raises(LockedError):
        _take(ledger, "run-1")


def test_a_way_back_takes_over_from_another_owner_and_not_from_itself(ledger: Ledger) -> None:
    fence = _take(ledger, "run-1")
    taken = ledger.locks.acquire(
        "cloudlens", "prod", "rollback/run-2", ttl_seconds=60, take_over=True
    )
    assert taken.fence == fence + 1
    with pytest.raises(LockedError, match="rollback/run-2 holds it"):
        ledger.locks.acquire("cloudlens", "prod", "rollback/run-2", ttl_seconds=60, take_over=True)


def change_of_data(ledger: Ledger, kind: DeploymentKind) -> Deployment:
    first = deploy(ledger, "v1")
    return ledger.deployments.open(
        key="it",
        release_id=first.release_id,
        environment="prod",
        requested_by="mei",
        run_id="run-9",
        kind=kind,
        origin_id=first.id,
    )


def _take_over(ledger: Ledger) -> None:
    ledger.locks.acquire("cloudlens", "prod", "rollback/run-2", ttl_seconds=60, take_over=True)


@pytest.mark.parametrize("is_alive", [True, False])
@pytest.mark.parametrize(
    ("kind", "what"), [("restore", "putting data back"), ("base", "changing base services")]
)
def test_a_change_of_data_comes_to_its_end_before_anybody_else_takes_the_lock(
    ledger: Ledger, clock: Clock, kind: DeploymentKind, what: str, is_alive: bool
) -> None:
    """Nor when its run is dead: then it takes its own lock again, and ends it."""
    change = change_of_data(ledger, kind)
    _take_over(ledger)
    clock.tick(60)
    _take(ledger, change.key)
    ledger.locks.refuse_data_change("cloudlens", "prod")
    ledger.deployments.move(change.id, S.CHANGING, reason="test", actor="mei")
    clock.tick(0 if is_alive else 60)
    for act in (
        _take_over,
        lambda ledger: _take(ledger, "run-3"),
        lambda ledger: ledger.locks.refuse_data_change("cloudlens", "prod"),
    ):
        with pytest.raises(LockedError, match=f"#2 is {what}"):
            act(ledger)
    _take(ledger, "run-3", "staging")
    if not is_alive:
        _take(ledger, change.key)
    ledger.deployments.move(change.id, S.FAILED, reason="test", actor="mei")
    ledger.locks.refuse_data_change("cloudlens", "prod")
    _take_over(ledger)


def test_a_release_on_its_way_is_overtaken_by_a_rollback(ledger: Ledger) -> None:
    _take(ledger, deploy(ledger, "v1", S.CHANGING).key)
    ledger.locks.refuse_data_change("cloudlens", "prod")
    _take_over(ledger)


def test_environments_and_stacks_have_locks_of_their_own(ledger: Ledger) -> None:
    _take(ledger, "run-1")
    assert _take(ledger, "run-2", "staging") == 1
    assert ledger.locks.acquire("odoo18", "prod", "run-2", 60).fence == 1


def test_a_silent_owner_is_taken_over_and_then_fenced_off(ledger: Ledger, clock: Clock) -> None:
    silent = ledger.locks.acquire("cloudlens", "prod", "run-1", ttl_seconds=60)
    clock.tick(60)
    assert _take(ledger, "run-2") == silent.fence + 1
    for act in (ledger.locks.heartbeat, ledger.locks.check):
        with pytest.raises(FencedError, match=r"run-2 took over \(fence 2 is above 1\)"):
            act(silent)


def test_a_heartbeat_keeps_the_lock(ledger: Ledger, clock: Clock) -> None:
    lock = ledger.locks.acquire("cloudlens", "prod", "run-1", ttl_seconds=60)
    clock.tick(59)
    assert ledger.locks.heartbeat(lock).heartbeat_at == clock.now
    clock.tick(59)
    with pytest.raises(LockedError):
        _take(ledger, "run-2")
    ledger.locks.check(lock)


def test_a_released_lock_is_free_and_its_fence_is_never_given_again(ledger: Ledger) -> None:
    lock = ledger.locks.acquire("cloudlens", "prod", "run-1", 60)
    ledger.locks.release(lock)
    assert ledger.locks.holders() == []
    with pytest.raises(FencedError, match="it was released"):
        ledger.locks.check(lock)
    assert _take(ledger, "run-2") == lock.fence + 1


def test_releasing_what_another_took_over_leaves_it_to_them(ledger: Ledger, clock: Clock) -> None:
    silent = ledger.locks.acquire("cloudlens", "prod", "run-1", ttl_seconds=60)
    clock.tick(61)
    newest = ledger.locks.acquire("cloudlens", "prod", "run-2", ttl_seconds=60)
    ledger.locks.release(silent)
    ledger.locks.check(newest)


def test_releasing_twice_changes_nothing(ledger: Ledger) -> None:
    lock = ledger.locks.acquire("cloudlens", "prod", "run-1", 60)
    ledger.locks.release(lock)
    entries = len(ledger.audit.entries())
    ledger.locks.release(lock)
    assert len(ledger.audit.entries()) == entries


def test_holders_shows_who_holds_what_since_when(ledger: Ledger) -> None:
    _take(ledger, "run-1")
    _take(ledger, "run-2", "staging")
    assert [(one.environment, one.owner, one.taken_at) for one in ledger.locks.holders()] == [
        ("prod", "run-1", START),
        ("staging", "run-2", START),
    ]


def test_heartbeats_do_not_fill_the_audit_trail(ledger: Ledger) -> None:
    lock = ledger.locks.acquire("cloudlens", "prod", "run-1", 60)
    entries = len(ledger.audit.entries())
    ledger.locks.heartbeat(lock)
    assert len(ledger.audit.entries()) == entries


def race(url: str, owner: str, results: Queue[tuple[str, int | None]]) -> None:
    """One process: its fence, or None when it found the lock taken."""
    ledger = Ledger(url)
    try:
        results.put((owner, ledger.locks.acquire("cloudlens", "prod", owner, 600).fence))
    except LockedError:
        results.put((owner, None))
    finally:
        ledger.close()


def test_of_several_processes_exactly_one_gets_the_lock(tmp_path: Path) -> None:
    url, spawn = ledger_url(tmp_path), get_context("spawn")
    results: Queue[tuple[str, int | None]] = spawn.Queue()
    processes = [spawn.Process(target=race, args=(url, f"run-{n}", results)) for n in range(3)]
    for process in processes:
        process.start()
    fences = dict(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    results.close()
    results.join_thread()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert sorted(fences.values(), key=str) == [1, None, None]


def test_writers_with_engines_of_their_own_never_interleave(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    mocker.patch("tidegate.ledger.store.shared_engine", open_engine)
    url, writers, each = ledger_url(tmp_path), 4, 15
    ready = Barrier(writers)

    def write(number: int) -> None:
        ledger = Ledger(url)
        ready.wait()
        for _ in range(each):
            ledger.locks.acquire("cloudlens", "prod", f"run-{number}", ttl_seconds=0)
        ledger.close()

    threads = [Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = Ledger(url)
    taken = [entry.details["fence"] for entry in ledger.audit.entries()]
    assert taken == list(range(1, writers * each + 1))
    assert ledger.audit.verify().findings == ()
    ledger.close()


def test_deployments_opened_at_once_get_numbers_without_gaps(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    mocker.patch("tidegate.ledger.store.shared_engine", open_engine)
    url, writers = ledger_url(tmp_path), 4
    ready = Barrier(writers)

    def open_some(number: int) -> None:
        ledger = Ledger(url)
        ready.wait()
        for turn in range(5):
            deploy(ledger, state=S.PLANNED, run=f"run-{number}-{turn}")
        ledger.close()

    threads = [Thread(target=open_some, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = Ledger(url)
    assert [one.number for one in ledger.deployments.history("cloudlens", "prod")] == list(
        range(20, 0, -1)
    )
    ledger.close()

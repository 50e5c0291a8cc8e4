"""Changing holds a lock; waiting holds none."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

from prefect import get_run_logger
from prefect.logging import get_logger

from tasks.frame.deployments import UNDECIDED, move, refresh
from tasks.frame.messages import tell
from tasks.frame.outside import highest_fence
from tasks.frame.work import Work
from tidegate.errors import FencedError, LedgerError, LockedError
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Lock
from tidegate.policy.states import DeploymentState

BEAT_AGAIN_SECONDS = 1
"""After a heartbeat that the ledger did not take. The lock lives on if one comes in time."""


@contextlib.contextmanager
def holding_lock(work: Work, *, take_over: bool = False) -> Iterator[Work]:
    """The environment's lock for as long as the block lasts, with a heartbeat.

    Raises LockedError when somebody else holds it; `take_over` takes it all the same, and fences
    the other one off, unless that one is changing data.
    """
    env, ledger = work.env, work.env.ledger
    lock = _acquire(work, take_over)
    ended = threading.Event()
    beat = threading.Thread(
        target=_beat, args=(ledger, lock, ended, env.settings.lock_ttl_seconds / 3), daemon=True
    )
    beat.start()
    try:
        yield replace(work, lock=lock)
    finally:
        ended.set()
        beat.join()
        _release(ledger, lock)


def _acquire(work: Work, take_over: bool) -> Lock:
    env = work.env
    try:
        return env.ledger.locks.acquire(
            env.stack.name,
            env.name,
            owner=work.deployment.key,
            ttl_seconds=env.settings.lock_ttl_seconds,
            take_over=take_over,
            above=highest_fence(env),
        )
    except LockedError as held:
        if refresh(work).deployment.state in UNDECIDED and not _is_begun_elsewhere(work):
            # it never began, and nobody will take it up again
            tell(move(work, DeploymentState.FAILED, str(held)), "failed", error=held)
        raise


def _is_begun_elsewhere(work: Work) -> bool:
    """Whether another process has just taken the lock for the same deployment."""
    holders = work.env.ledger.locks.holders()
    return any(lock.owner == work.deployment.key for lock in holders)


def _beat(ledger: Ledger, lock: Lock, ended: threading.Event, every_seconds: float) -> None:
    pause = every_seconds
    while not ended.wait(pause):
        try:
            ledger.locks.heartbeat(lock)
        except FencedError:
            # a newer owner exists: every further change of ours is refused by its fencing number
            return
        except LedgerError as error:
            get_logger("tidegate.locks").warning("%s", error)
            pause = min(every_seconds, BEAT_AGAIN_SECONDS)
        else:
            pause = every_seconds


def _release(ledger: Ledger, lock: Lock) -> None:
    """The work has ended, well or not, and a lock that nobody renews is free soon."""
    try:
        ledger.locks.release(lock)
    except FencedError:
        get_run_logger().warning("the lock was taken over by a newer owner before it was released")
    except LedgerError as error:
        get_run_logger().warning("the lock was not given back: %s", error)

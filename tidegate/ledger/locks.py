"""Locks: one owner may change an environment, and a fence tells a late one from the newest.

A pause of any length can come between checking a lock and acting on it, so a lock alone protects
nothing: every change carries the fence, and whoever receives it refuses a lower one (M. Kleppmann,
"How to do distributed locking", 2016).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tidegate.errors import FencedError, LockedError
from tidegate.ledger.store import Store, Writing, fenced
from tidegate.ledger.tables import Deployment, Lock
from tidegate.policy.states import UNFINISHED

DATA_CHANGES = {"restore": "putting data back", "base": "changing base services"}


class Locks:
    def __init__(self, store: Store) -> None:
        self._store = store

    def acquire(
        self,
        stack: str,
        environment: str,
        owner: str,
        ttl_seconds: float,
        *,
        take_over: bool = False,
        above: int = 0,
    ) -> Lock:
        """A lock with a fence above all before it, and `above` what is known outside of this
        ledger; also in place of an owner that fell silent.

        Raises LockedError, naming the owner, while its heartbeat is younger than its time to live:
        also to `owner` itself, for which another process is at work then. `take_over` is for the
        way back, which waits for nobody else: a living owner of another name is fenced off. Nobody
        comes between a change of data and its end: see `refuse_data_change`.
        """
        with self._store.writing(f"taking the lock of {stack} {environment}") as tx:
            _refuse_data_change(tx.session, stack, environment, but=owner)
            lock = tx.session.get(Lock, (stack, environment))
            if lock is None:
                lock = Lock(stack=stack, environment=environment, fence=0)
                tx.session.add(lock)
            elif (
                lock.owner is not None
                and free_at(lock) > tx.now
                and not (take_over and lock.owner != owner)
            ):
                raise _locked(lock)
            lock.fence = max(lock.fence, above)
            _take(tx, lock, owner, ttl_seconds)
        return lock

    def refuse_held(self, stack: str, environment: str, *, by: str) -> None:
        """Raises LockedError while anybody alive but `by` holds it. Takes nothing."""
        with self._store.reading(f"looking at the lock of {stack} {environment}") as session:
            lock = session.get(Lock, (stack, environment))
        if lock is not None and lock.owner not in (None, by) and free_at(lock) > self._store.now():
            raise _locked(lock)

    def refuse_data_change(self, stack: str, environment: str) -> None:
        """Raises LockedError while a restore or a change of base services has begun and not ended.

        Half-restored data fit no version, and no version works with half a database. So it must
        come to its end first, whatever is wrong and whoever asks.
        """
        with self._store.reading(f"looking at the changes of {stack} {environment}") as session:
            _refuse_data_change(session, stack, environment)

    def heartbeat(self, lock: Lock) -> Lock:
        """Say that the owner lives. Raises FencedError if it was taken over or released.

        Not audited: it says nothing about the environment and would bury what does.
        """
        with self._store.writing(f"renewing the lock of {lock.stack} {lock.environment}") as tx:
            held = _held(tx, lock)
            held.heartbeat_at = tx.now
        return held

    def release(self, lock: Lock) -> None:
        """Give it back; its fence stays the highest. One that was taken over or given back already
        is left alone."""
        with self._store.writing(f"releasing the lock of {lock.stack} {lock.environment}") as tx:
            held = tx.session.get(Lock, (lock.stack, lock.environment))
            if held is None or held.fence != lock.fence or held.owner is None:
                return
            held.owner = None
            tx.audit("lock.released", _subject(lock), actor=lock.owner, fence=lock.fence)

    def check(self, lock: Lock) -> None:
        """Raises FencedError unless `lock` is still the newest and not released."""
        with self._store.reading(
            f"checking the lock of {lock.stack} {lock.environment}"
        ) as session:
            held = session.get(Lock, (lock.stack, lock.environment))
        _same(held, lock)

    def holders(self) -> list[Lock]:
        """Who holds what, the silent ones too."""
        held = select(Lock).where(Lock.owner.is_not(None)).order_by(Lock.stack, Lock.environment)
        with self._store.reading("listing the locks") as session:
            return list(session.scalars(held))


def free_at(lock: Lock) -> datetime:
    """When a lock may be taken over if no further heartbeat comes."""
    return lock.heartbeat_at + timedelta(seconds=lock.ttl_seconds)


def _take(tx: Writing, lock: Lock, owner: str, ttl_seconds: float) -> None:
    before, lock.owner = lock.owner, owner
    lock.fence += 1
    lock.ttl_seconds, lock.taken_at, lock.heartbeat_at = ttl_seconds, tx.now, tx.now
    tx.audit(
        "lock.taken",
        _subject(lock),
        actor=owner,
        fence=lock.fence,
        ttl_seconds=ttl_seconds,
        taken_from=before,
    )


def _held(tx: Writing, lock: Lock) -> Lock:
    return _same(tx.session.get(Lock, (lock.stack, lock.environment)), lock)


def _same(held: Lock | None, lock: Lock) -> Lock:
    doing = f"keeping the lock of {lock.stack} {lock.environment}"
    if held is None or held.owner is None:
        raise FencedError(doing, "it was released", "Take it again before the next change")
    if held.fence != lock.fence:
        raise fenced(doing, held, lock.fence)
    return held


def _refuse_data_change(session: Session, stack: str, environment: str, *, but: str = "") -> None:
    begun = session.scalars(
        select(Deployment).where(
            Deployment.stack == stack,
            Deployment.environment == environment,
            Deployment.kind.in_(DATA_CHANGES),
            Deployment.state.in_(UNFINISHED),
            Deployment.key != but,
        )
    ).first()
    if begun is not None:
        raise LockedError(
            f"taking the lock of {stack} {environment}",
            f"#{begun.number} is {DATA_CHANGES[begun.kind]}",
            "Wait until it ends; if its run is dead, `recover/all` ends it within a minute. Then "
            "start this again, if it is still wanted",
            retryable=True,
        )


def _locked(lock: Lock) -> LockedError:
    return LockedError(
        f"taking the lock of {lock.stack} {lock.environment}",
        f"{lock.owner} holds it since {lock.taken_at:%Y-%m-%d %H:%M:%S} UTC",
        "Wait until it ends; if its run is dead, the lock can be taken over "
        f"from {free_at(lock):%Y-%m-%d %H:%M:%S} UTC",
        retryable=True,
    )


def _subject(lock: Lock) -> str:
    return f"lock/{lock.environment}/{lock.stack}"

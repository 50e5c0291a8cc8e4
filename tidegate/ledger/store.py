"""The database under the ledger: one writer at a time, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy.dialects.sqlite  # noqa: F401  runs find it in the process that they are forked from
from sqlalchemy import Connection, Engine, bindparam, create_engine, event, select
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from tidegate.errors import FencedError, LedgerError
from tidegate.ledger import chain, row_facts
from tidegate.ledger.tables import Lock

Clock = Callable[[], datetime]
IdMaker = Callable[[], str]

BUSY_TIMEOUT_SECONDS = 30
_WRITES = "tidegate_writes"
NEVER_STARTED = "Tidegate was never started here"
_NO_LEDGER = (
    "unable to open database file",
    "no such table: deployments",
    "no such table: holds",
    "no such table: audit",
)
_OLD_LEDGER = "no such table"
_LOCK = select(Lock).where(
    Lock.stack == bindparam("stack"), Lock.environment == bindparam("environment")
)
"""Made once: every write asks it."""
_WRITE_LOCK = 7_433_201  # any constant: PostgreSQL's advisory locks are told apart by number alone


class _Said(NamedTuple):
    """One audit entry that the end of the transaction writes."""

    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]


class Writing:
    """One write transaction: its session, its time, and the audit row that every write leaves."""

    def __init__(self, session: Session, now: datetime, new_id: IdMaker, actor: str) -> None:
        self.session, self.now, self.new_id, self._actor = session, now, new_id, actor
        self._rows, self._said = row_facts.watch(session), list[_Said]()

    def audit(self, action: str, subject: str, *, actor: str | None = None, **details: Any) -> None:
        """Append to the chain when the transaction ends. `details` must be JSON and free of
        secrets."""
        self._said.append(_Said(actor or self._actor, action, subject, details))
        self.session.flush()

    def link(self) -> None:
        """Write the entries; the last one keeps what the whole transaction left in the rows.

        Raises LedgerError where rows were changed and nothing was said about it.
        """
        self.session.flush()
        if self._rows and not self._said:
            raise LedgerError(
                "writing to the ledger",
                f"{', '.join(self._rows)} was changed without an audit entry",
                "Report it with this text",
            )
        newest = chain.last(self.session) if self._said else None
        for said in self._said:
            rows = self._rows if said is self._said[-1] else {}
            newest = chain.link(
                newest, self.now, said.actor, said.action, said.subject, said.details, rows
            )
            self.session.add(newest)

    def guard(self, stack: str, environment: str, fence: int | None) -> None:
        """Raises FencedError when somebody has taken the environment over since `fence` was
        given."""
        if fence is None:
            return
        lock = self.session.scalars(_LOCK, {"stack": stack, "environment": environment}).first()
        if lock is not None and lock.fence > fence:
            raise fenced(f"writing to the ledger for {stack} {environment}", lock, fence)


class Store:
    """Sessions for reading and for writing; database errors leave as LedgerError, without the URL
    and its password."""

    def __init__(self, url: str, clock: Clock, new_id: IdMaker, actor: str) -> None:
        self._clock, self._new_id, self._actor = clock, new_id, actor
        self._engine = shared_engine(url)
        self._writer = for_writing(self._engine)

    @contextlib.contextmanager
    def reading(self, doing: str) -> Iterator[Session]:
        with ledger_errors(doing), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def writing(self, doing: str) -> Iterator[Writing]:
        """Rolled back as a whole when anything is raised inside."""
        with (
            ledger_errors(doing),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            # takes the write lock before the clock is read, so that times follow the order
            session.connection()
            tx = Writing(session, self._clock(), self._new_id, self._actor)
            yield tx
            tx.link()

    @contextlib.contextmanager
    def snapshot(self, doing: str) -> Iterator[Connection]:
        """For reading several tables as they were at one moment, whoever writes meanwhile."""
        at_one_moment = (
            {} if self._engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        )
        with (
            ledger_errors(doing),
            self._engine.connect().execution_options(**at_one_moment) as connection,
        ):
            yield connection

    def now(self) -> datetime:
        return self._clock()

    def close(self) -> None:
        self._engine.dispose()


def fenced(doing: str, lock: Lock, fence: int) -> FencedError:
    return FencedError(
        doing,
        f"{lock.owner or 'another owner'} took over (fence {lock.fence} is above {fence})",
        "Stop: the newer owner goes on from the journal",
    )


@lru_cache(maxsize=4)
def shared_engine(url: str) -> Engine:
    """The one of this process for a ledger: it keeps its connections, and what it has compiled of
    each statement."""
    return open_engine(url)


def open_engine(url: str) -> Engine:
    """SQLite gets WAL, foreign keys and its own BEGIN; writers on either database come one after
    the other."""
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _refuse_no_file)
        event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same pool; transactions take the write lock as they begin."""
    return engine.execution_options(**{_WRITES: True})


@contextlib.contextmanager
def ledger_errors(doing: str) -> Iterator[None]:
    """Foreign exceptions stop here. A statement's parameters are not repeated."""
    try:
        yield
    except OperationalError as error:
        raise LedgerError(
            doing,
            _came_back(str(error.orig)),
            _to_do(str(error.orig)),
            retryable=True,
        ) from None
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise LedgerError(
            doing, f"the ledger's database said: {cause}", "Report it with this text"
        ) from None


def _came_back(said: str) -> str:
    if any(words in said for words in _NO_LEDGER):
        return NEVER_STARTED
    return f"the ledger's database said: {said}"


def _to_do(said: str) -> str:
    if any(words in said for words in _NO_LEDGER):
        return "`tidegate run` makes the ledger"
    if _OLD_LEDGER in said:
        return "After an upgrade, `tidegate upgrade`"
    return "Check that it runs and has space; after an upgrade, `tidegate upgrade`"


def _refuse_no_file(_dialect: object, _record: object, place: list[str], _given: object) -> None:
    """Who only looks makes none: SQLite would, and let all users read it."""
    if place[0] != ":memory:" and not Path(place[0]).exists():
        raise sqlite3.OperationalError("unable to open database file")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = (
        None  # the driver's own BEGIN is a deferred one: two writers would meet half-way
    )
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")

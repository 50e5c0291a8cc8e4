"""All repositories of one database, under the names of their nouns."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from tidegate.ledger.approvals import Approvals
from tidegate.ledger.audit import Audit
from tidegate.ledger.backups import Backups
from tidegate.ledger.deployments import Deployments
from tidegate.ledger.holds import Holds
from tidegate.ledger.incidents import Incidents
from tidegate.ledger.journal import Journal
from tidegate.ledger.locks import Locks
from tidegate.ledger.messages import Messages
from tidegate.ledger.releases import Releases
from tidegate.ledger.store import Clock, IdMaker, Store


def utc_now() -> datetime:
    return datetime.now(UTC)


def random_id() -> str:
    return uuid.uuid4().hex


class Ledger:
    """One repository per noun. Each write is one transaction with its audit row; writers come one
    after the other.

    `url` is SQLAlchemy's: `sqlite:////path/ledger.db` or `postgresql+psycopg://...`;
    `schema.upgrade(url)` comes first. `actor` is named in the audit trail where no person acts.
    Safe to share between threads.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = utc_now,
        new_id: IdMaker = random_id,
        actor: str = "tidegate",
    ) -> None:
        self._store = store = Store(url, clock, new_id, actor)
        self.releases = Releases(store)
        self.deployments = Deployments(store)
        self.journal = Journal(store)
        self.approvals = Approvals(store)
        self.backups = Backups(store)
        self.holds = Holds(store)
        self.locks = Locks(store)
        self.incidents = Incidents(store)
        self.messages = Messages(store)
        self.audit = Audit(store)

    def close(self) -> None:
        """Give back the database connections."""
        self._store.close()

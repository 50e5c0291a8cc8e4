"""Reading the audit trail. Writing it belongs to each write's own transaction."""

from __future__ import annotations

from sqlalchemy import select

from tidegate.ledger import chain
from tidegate.ledger.store import Store
from tidegate.ledger.tables import AuditEntry


class Audit:
    """Every write of the ledger, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entries(self, *, subject: str | None = None, after: int = 0, limit: int | None = None) -> list[AuditEntry]:
        """In order, from the one after sequence `after`; of one subject only, if given."""
        wanted = select(AuditEntry).where(AuditEntry.sequence > after).order_by(AuditEntry.sequence).limit(limit)
        if subject is not None:
            wanted = wanted.where(AuditEntry.subject == subject)
        with self._store.reading("reading the audit trail") as session:
            return list(session.scalars(wanted))

    def last_hash(self) -> str:
        """Of the newest entry: published elsewhere, it shows whether the trail's end was cut off."""
        with self._store.reading("reading the end of the audit trail") as session:
            newest = chain.last(session)
            return newest.hash if newest else chain.GENESIS

    def verify(self) -> int | None:
        """The first broken sequence, or None when the chain is whole."""
        in_order = select(AuditEntry).order_by(AuditEntry.sequence).execution_options(yield_per=1000)
        with self._store.reading("verifying the audit trail") as session:
            return chain.first_broken(session.scalars(in_order))

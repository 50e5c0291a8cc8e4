"""Reading the audit trail. Writing it belongs to each write's own transaction."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from tidegate.ledger import chain, verifying
from tidegate.ledger.anchors import Anchor
from tidegate.ledger.store import Store
from tidegate.ledger.tables import AuditEntry
from tidegate.ledger.verifying import Report


class Audit:
    """Every write of the ledger, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entries(
        self, *, subject: str | None = None, after: int = 0, limit: int | None = None
    ) -> list[AuditEntry]:
        """In order, from the one after sequence `after`; of one subject only, if given."""
        wanted = (
            select(AuditEntry)
            .where(AuditEntry.sequence > after)
            .order_by(AuditEntry.sequence)
            .limit(limit)
        )
        if subject is not None:
            wanted = wanted.where(AuditEntry.subject == subject)
        with self._store.reading("reading the audit trail") as session:
            return list(session.scalars(wanted))

    def newest(self) -> Anchor:
        """Of the newest entry: kept elsewhere, it shows whether the trail's end was cut off or
        rewritten."""
        with self._store.reading("reading the end of the audit trail") as session:
            newest = chain.last(session)
            return Anchor(newest.sequence, newest.hash) if newest else Anchor(0, chain.GENESIS)

    def verify(self, anchors: Collection[Anchor] = (), faults: Collection[str] = ()) -> Report:
        """Compare the chain with itself and with `anchors`, and every row with what the chain says
        of it."""
        with self._store.snapshot("verifying the audit trail") as connection:
            return verifying.verify(connection, anchors, faults)

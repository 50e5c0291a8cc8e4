"""Messages: what was to be said on which channel, and whether it was."""

from __future__ import annotations

from sqlalchemy import select

from tidegate.errors import LedgerError
from tidegate.ledger.store import Store, Writing
from tidegate.ledger.tables import Delivery


class Messages:
    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(
        self, *, key: str, kind: str, channel: str, deployment_id: str | None = None
    ) -> Delivery:
        """The delivery, one attempt further. One that was sent comes back with `sent_at`: do not
        send it twice."""
        with self._store.writing(f"preparing the message {key}") as tx:
            delivery = tx.session.get(Delivery, key)
            if delivery is None:
                delivery = Delivery(
                    key=key, deployment_id=deployment_id, kind=kind, channel=channel, attempts=0
                )
                tx.session.add(delivery)
            if delivery.sent_at is None:
                delivery.attempts += 1
                tx.audit(
                    "message.begun",
                    f"message/{key}",
                    kind=kind,
                    channel=channel,
                    attempt=delivery.attempts,
                )
        return delivery

    def sent(self, key: str) -> Delivery:
        with self._store.writing(f"noting that the message {key} was sent") as tx:
            delivery = _find(tx, key)
            if delivery.sent_at is None:
                delivery.sent_at, delivery.error = tx.now, None
                tx.audit("message.sent", f"message/{key}")
        return delivery

    def failed(self, key: str, error: str) -> Delivery:
        """Note why it could not be sent; it shows as not sent until an attempt succeeds."""
        with self._store.writing(f"noting that the message {key} was not sent") as tx:
            delivery = _find(tx, key)
            if delivery.sent_at is None:
                delivery.error = error
                tx.audit("message.failed", f"message/{key}", error=error)
        return delivery

    def of(self, deployment_id: str) -> list[Delivery]:
        return self._all(deployment_id, unsent=False)

    def unsent(self, deployment_id: str | None = None) -> list[Delivery]:
        """What must be shown as not sent."""
        return self._all(deployment_id, unsent=True)

    def _all(self, deployment_id: str | None, *, unsent: bool) -> list[Delivery]:
        wanted = select(Delivery).order_by(Delivery.key)
        if deployment_id is not None:
            wanted = wanted.where(Delivery.deployment_id == deployment_id)
        if unsent:
            wanted = wanted.where(Delivery.sent_at.is_(None))
        with self._store.reading("listing messages") as session:
            return list(session.scalars(wanted))


def _find(tx: Writing, key: str) -> Delivery:
    delivery = tx.session.get(Delivery, key)
    if delivery is None:
        raise LedgerError(
            f"looking for the message {key}", "there is none", "Begin a message before sending it"
        )
    return delivery

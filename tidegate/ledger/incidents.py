"""Incidents: opened by a degraded signal, decided once, closed with what was done about it."""

from __future__ import annotations

from sqlalchemy import select

from tidegate.errors import LedgerError
from tidegate.facts import Severity
from tidegate.ledger.store import Store, Writing
from tidegate.ledger.tables import Incident


class Incidents:
    def __init__(self, store: Store) -> None:
        self._store = store

    def open(
        self,
        *,
        stack: str,
        environment: str,
        signal: str,
        severity: Severity,
        deployment_id: str | None = None,
    ) -> tuple[Incident, bool]:
        """The incident of `signal`, a key that is unique for ever, and whether it is new. The same
        signal changes nothing."""
        with self._store.writing(f"opening the incident {signal}") as tx:
            known = tx.session.scalars(select(Incident).where(Incident.signal == signal)).first()
            if known is not None:
                return known, False
            incident = Incident(
                id=tx.new_id(),
                stack=stack,
                environment=environment,
                deployment_id=deployment_id,
                signal=signal,
                severity=severity,
                opened_at=tx.now,
            )
            tx.session.add(incident)
            tx.audit(
                "incident.opened",
                f"incident/{incident.id}",
                stack=stack,
                environment=environment,
                deployment_id=deployment_id,
                signal=signal,
                severity=severity,
            )
        return incident, True

    def of_signal(self, signal: str) -> Incident | None:
        """What was opened for this signal, open or closed."""
        with self._store.reading(f"looking for the incident {signal}") as session:
            return session.scalars(select(Incident).where(Incident.signal == signal)).first()

    def decide(
        self, incident_id: str, outcome: str, *, stays_open: bool, actor: str | None = None
    ) -> Incident:
        """Write down what was done about it; the first decision stays. Raises LedgerError when
        there is no such incident."""
        doing = f"deciding about the incident {incident_id}"
        with self._store.writing(doing) as tx:
            incident = _found(tx, doing, incident_id)
            if incident.outcome is None:
                incident.outcome = outcome
                tx.audit(
                    "incident.decided", f"incident/{incident_id}", actor=actor, outcome=outcome
                )
                if not stays_open:
                    incident.closed_at = tx.now
        return incident

    def close(self, incident_id: str, outcome: str, *, actor: str | None = None) -> Incident:
        """It is over; a closed one keeps its outcome. Raises LedgerError when there is no such
        incident."""
        doing = f"closing the incident {incident_id}"
        with self._store.writing(doing) as tx:
            incident = _found(tx, doing, incident_id)
            if incident.closed_at is None:
                incident.closed_at, incident.outcome = tx.now, outcome
                tx.audit("incident.closed", f"incident/{incident_id}", actor=actor, outcome=outcome)
        return incident

    def open_ones(self, stack: str | None = None, environment: str | None = None) -> list[Incident]:
        """Oldest first."""
        wanted = (
            select(Incident)
            .where(Incident.closed_at.is_(None))
            .order_by(Incident.opened_at, Incident.id)
        )
        if stack is not None:
            wanted = wanted.where(Incident.stack == stack)
        if environment is not None:
            wanted = wanted.where(Incident.environment == environment)
        with self._store.reading("listing the open incidents") as session:
            return list(session.scalars(wanted))


def _found(tx: Writing, doing: str, incident_id: str) -> Incident:
    incident = tx.session.get(Incident, incident_id)
    if incident is None:
        raise LedgerError(doing, "there is none", "Use an id from the open incidents")
    return incident

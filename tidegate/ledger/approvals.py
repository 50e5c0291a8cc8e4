"""Approvals: decisions of known persons, each on exactly one plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, select

from tidegate.ledger.columns import Decision
from tidegate.ledger.store import Store
from tidegate.ledger.tables import Approval


class Approvals:
    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self,
        *,
        deployment_id: str,
        plan_hash: str,
        decision: Decision,
        approver: str,
        reason: str,
        expires_at: datetime,
        checklist: Mapping[str, bool] | None = None,
    ) -> Approval:
        """Record a decision; said again by the same person while it holds, it changes nothing."""
        with self._store.writing(f"recording the decision of {approver}") as tx:
            newest = tx.session.scalars(_newest(deployment_id, plan_hash, tx.now)).first()
            if newest is not None and (newest.approver, newest.decision) == (approver, decision):
                return newest
            approval = Approval(
                id=tx.new_id(),
                deployment_id=deployment_id,
                plan_hash=plan_hash,
                decision=decision,
                approver=approver,
                reason=reason,
                checklist=dict(checklist or {}),
                decided_at=tx.now,
                expires_at=expires_at,
            )
            tx.session.add(approval)
            tx.audit(
                f"plan.{decision}",
                f"approval/{approval.id}",
                actor=approver,
                deployment_id=deployment_id,
                plan_hash=plan_hash,
                reason=reason,
                checklist=dict(checklist or {}),
                expires_at=expires_at.isoformat(),
            )
        return approval

    def for_plan(self, deployment_id: str, plan_hash: str) -> Approval | None:
        """The newest decision on exactly this plan that has not expired, be it yes or no."""
        now = self._store.now()
        with self._store.reading("looking for a decision") as session:
            return session.scalars(_newest(deployment_id, plan_hash, now)).first()

    def of(self, deployment_id: str) -> list[Approval]:
        """Every decision on every plan of this deployment, in order."""
        wanted = (
            select(Approval)
            .where(Approval.deployment_id == deployment_id)
            .order_by(Approval.decided_at)
        )
        with self._store.reading("listing decisions") as session:
            return list(session.scalars(wanted))


def _newest(deployment_id: str, plan_hash: str, now: datetime) -> Select[tuple[Approval]]:
    return (
        select(Approval)
        .where(
            Approval.deployment_id == deployment_id,
            Approval.plan_hash == plan_hash,
            Approval.expires_at > now,
        )
        .order_by(Approval.decided_at.desc(), Approval.id)
    )

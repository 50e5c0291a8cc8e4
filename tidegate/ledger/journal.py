"""The journal: a step's intent is written before its change, its evidence after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from tidegate.errors import LedgerError
from tidegate.ledger.store import Store, Writing
from tidegate.ledger.tables import Deployment, Step

_STEP = select(Step).where(Step.key == bindparam("key"))
_DEPLOYMENT = select(Deployment).where(Deployment.id == bindparam("id"))
"""Made once: each step asks them several times."""


class Journal:
    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def key(environment: str, stack: str, number: int, step: str) -> str:
        """`prod/cloudlens/42/shift-traffic`: in the ledger, in container labels and object
        names."""
        return f"{environment}/{stack}/{number}/{step}"

    def begin(
        self, deployment_id: str, name: str, intent: Mapping[str, Any], fence: int | None = None
    ) -> Step:
        """The step, one attempt further. A done one comes back as it ended, with its evidence.

        The first attempt's intent stays: after a crash the world may already show a part of the
        change.
        """
        doing = f"beginning the step {name}"
        with self._store.writing(doing) as tx:
            deployment = tx.session.scalars(_DEPLOYMENT, {"id": deployment_id}).first()
            if deployment is None:
                raise LedgerError(
                    doing, f"there is no deployment {deployment_id}", "Open the deployment first"
                )
            tx.guard(deployment.stack, deployment.environment, fence)
            step = self._step(tx, deployment, name, intent)
            if step.is_done:
                return step
            step.state, step.error, step.ended_at = "intended", None, None
            step.attempts, step.fence, step.started_at = step.attempts + 1, fence, tx.now
            tx.audit(
                "step.begun",
                f"step/{step.key}",
                attempt=step.attempts,
                intent=dict(intent),
                fence=fence,
            )
        return step

    def done(self, key: str, evidence: Mapping[str, Any], fence: int | None = None) -> Step:
        """Close the step with what was observed. Refused with FencedError for `fence`, or the one
        it was begun with."""
        return self._end(key, "done", evidence, None, fence)

    def failed(
        self,
        key: str,
        error: str,
        evidence: Mapping[str, Any] | None = None,
        fence: int | None = None,
    ) -> Step:
        """Close this attempt; another may begin. A step that is done cannot fail any more."""
        return self._end(key, "failed", evidence or {}, error, fence)

    def steps(self, deployment_id: str) -> list[Step]:
        """In the order they first began."""
        wanted = select(Step).where(Step.deployment_id == deployment_id).order_by(Step.position)
        with self._store.reading("reading the journal") as session:
            return list(session.scalars(wanted))

    def get(self, key: str) -> Step | None:
        with self._store.reading("reading the journal") as session:
            return _found(session, key)

    def _step(
        self, tx: Writing, deployment: Deployment, name: str, intent: Mapping[str, Any]
    ) -> Step:
        key = self.key(deployment.environment, deployment.stack, deployment.number, name)
        if (there := _found(tx.session, key)) is not None:
            return there
        before = (
            tx.session.scalar(select(func.count()).where(Step.deployment_id == deployment.id)) or 0
        )
        step = Step(
            key=key,
            deployment_id=deployment.id,
            position=before + 1,
            name=name,
            state="intended",
            attempts=0,
            intent=dict(intent),
            evidence={},
        )
        tx.session.add(step)
        return step

    def _end(
        self,
        key: str,
        state: str,
        evidence: Mapping[str, Any],
        error: str | None,
        fence: int | None,
    ) -> Step:
        doing = f"closing the step {key} as {state}"
        with self._store.writing(doing) as tx:
            step = _found(tx.session, key)
            if step is None:
                raise LedgerError(doing, "it was never begun", "Begin a step before its change")
            deployment = tx.session.scalars(_DEPLOYMENT, {"id": step.deployment_id}).one()
            tx.guard(
                deployment.stack, deployment.environment, step.fence if fence is None else fence
            )
            if step.is_done:
                return _already_done(step, state, doing)
            step.state = "done" if state == "done" else "failed"
            step.evidence, step.error, step.ended_at = dict(evidence), error, tx.now
            tx.audit(
                f"step.{state}",
                f"step/{key}",
                attempt=step.attempts,
                evidence=dict(evidence),
                error=error,
            )
        return step


def _found(session: Session, key: str) -> Step | None:
    return session.scalars(_STEP, {"key": key}).first()


def _already_done(step: Step, state: str, doing: str) -> Step:
    if state != "done":
        raise LedgerError(doing, "it is done", "Undo it by a step of its own")
    return step

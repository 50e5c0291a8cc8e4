"""Who serves in an environment, and what a move does to the times and to the others."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, select

from tidegate.ledger.store import Writing
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import LEFT_TO_PERSON, MAY_SERVE, DeploymentState

_AT_WORK = (DeploymentState.GOOD, DeploymentState.WATCHING)


def enter(
    tx: Writing, deployment: Deployment, state: DeploymentState, reason: str, actor: str
) -> None:
    """Put `deployment` into `state`, with its times and its audit row."""
    old, deployment.state, deployment.reason = deployment.state, state, reason
    if state in _AT_WORK and deployment.switched_at is None:
        deployment.switched_at = tx.now
    if state == DeploymentState.GOOD and deployment.good_at is None:
        deployment.good_at = tx.now
    if old.is_open and not state.is_open:
        deployment.ended_at = tx.now
    tx.audit(
        "deployment.moved",
        subject(deployment),
        actor=actor,
        old=old.value,
        new=state.value,
        reason=reason,
    )


def displace_others(tx: Writing, newest: Deployment, actor: str) -> None:
    """Whoever served before `newest` does not serve any more."""
    origin = tx.session.get(Deployment, newest.origin_id) if newest.origin_id else None
    for other in tx.session.scalars(
        may_serve(newest.stack, newest.environment).where(Deployment.id != newest.id)
    ):
        back = (
            origin is not None and other.number > origin.number and newest.kind != "base"
        )  # after a change of base services the same version serves
        state = DeploymentState.ROLLED_BACK if back else DeploymentState.SUPERSEDED
        enter(tx, other, state, f"#{newest.number} serves", actor)


def settle_troubled(tx: Writing, newest: Deployment, actor: str) -> None:
    """Nobody has to act any more on what was left to a person without ever having served. A change
    of base services settles no release: what that did to the schema is there still."""
    kept = ("release",) if newest.kind == "base" else ()
    left = select(Deployment).where(
        Deployment.stack == newest.stack,
        Deployment.environment == newest.environment,
        Deployment.id != newest.id,
        Deployment.state.in_(LEFT_TO_PERSON),
        Deployment.switched_at.is_(None),
        Deployment.kind.not_in(kept),
    )
    for other in tx.session.scalars(left):
        enter(
            tx,
            other,
            DeploymentState.FAILED,
            f"#{newest.number} serves; before: {other.reason}",
            actor,
        )


def may_serve(stack: str, environment: str) -> Select[tuple[Deployment]]:
    """All that were switched to and have not been replaced yet, by number."""
    return (
        select(Deployment)
        .where(
            Deployment.stack == stack,
            Deployment.environment == environment,
            Deployment.state.in_(MAY_SERVE),
            Deployment.switched_at.is_not(None),
        )
        .order_by(Deployment.number)
    )


def serving_one(candidates: Iterable[Deployment]) -> Deployment | None:
    """Of those in `may_serve`: at work before in trouble, then the one switched to last."""
    return max(
        candidates,
        key=lambda one: (one.state in _AT_WORK, one.switched_at, one.number),
        default=None,
    )


def subject(deployment: Deployment) -> str:
    """How the audit trail names it: `deployment/prod/cloudlens/42`."""
    return f"deployment/{deployment.environment}/{deployment.stack}/{deployment.number}"

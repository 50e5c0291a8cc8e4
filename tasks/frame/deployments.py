"""A deployment's life in the ledger: opened, moved, closed, put on hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from prefect import get_run_logger
from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.outside import refuse_known
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work, seals
from tidegate.errors import (
    HeldError,
    LedgerError,
    LockedError,
    MigrationError,
    RegressionError,
    SlotError,
    WayBackError,
)
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import UNFINISHED, DeploymentState
from tidegate.versions import Version, is_held

AT_FAULT = (SlotError, MigrationError, RegressionError)
UNDECIDED = (DeploymentState.PLANNED, DeploymentState.WAITING)


def opened_by_this_run(env: OpenEnvironment) -> list[Deployment]:
    """Newest first."""
    return env.ledger.deployments.of_run(str(flow_run.get_id()), env.name)


def refuse_held(env: OpenEnvironment, version: Version) -> None:
    """A version on hold is not released again until a person lifts the hold."""
    if hold := env.ledger.holds.holding(env.stack.name, version.id):
        raise HeldError(
            f"releasing {env.stack.name} {hold.version}",
            f"it is on hold since {hold.placed_at:%Y-%m-%d %H:%M} UTC: {hold.reason}",
            "Release a newer version, or lift the hold with `lift-hold/all`",
        )


def refuse_busy(env: OpenEnvironment) -> None:
    """Somebody else is changing this environment: say so before anything is changed. Raises
    LockedError."""
    mine = [one.key for one in opened_by_this_run(env)][:1]
    env.ledger.locks.refuse_held(env.stack.name, env.name, by="".join(mine))
    _refuse_unfinished(env, "".join(mine))


def begin_change(work: Work) -> Work:
    """From here on the way back is needed. A run before this one may have come further. Raises
    LedgerError, LockedError."""
    work = refresh(work)
    refuse_ended(work)
    if work.deployment.state in UNDECIDED:
        refuse_known(work)
    if work.deployment.kind != "rollback":
        _refuse_unfinished(work.env, work.deployment.key)
    on_the_way = work.deployment.state in (DeploymentState.CHANGING, DeploymentState.WATCHING)
    return work if on_the_way else move(work, DeploymentState.CHANGING, work.deployment.reason)


def move(work: Work, state: DeploymentState, reason: str = "") -> Work:
    """Move the deployment to `state`; staying there changes nothing."""
    reason = work.env.redactor.redact(reason)
    deployment = work.env.ledger.deployments.move(
        work.deployment.id, state, reason=reason, actor=actor(), fence=work.fence
    )
    get_run_logger().info("%s is %s. %s", work.title, state.value, reason)
    if state.is_final and not deployment.was_good:
        seals(work.env.settings).remove(deployment.id)
    return replace(work, deployment=deployment)


def refresh(work: Work) -> Work:
    return replace(work, deployment=work.env.ledger.deployments.get(work.deployment.id))


def decide_before(work: Work) -> datetime:
    """When a decision comes too late. What a person was shown counts, whatever the stack file says
    by now."""
    shown = refresh(work).deployment.decide_before
    return shown or work.deployment.created_at + timedelta(hours=work.env.config.approval_hours)


def is_good(work: Work) -> bool:
    """Whether it serves for good, so that only what clears up behind it may be missing."""
    return refresh(work).deployment.state is DeploymentState.GOOD


@step("place-hold", timeout_seconds=30)
def place_hold(work: Work, error: BaseException) -> Evidence:
    """Keep a version that failed by its own fault from being deployed again.

    Needs: the error. Leaves: a hold, if the version is to blame. Again: one hold per version. Undo:
    `lift-hold/all`.
    """
    if not work.env.config.hold:
        return {"held": False, "why": f"{work.env.name} is there to try"}
    if not is_to_blame(error):
        return {"held": False, "why": "the version is not to blame"}
    hold = work.env.ledger.holds.place(
        stack=work.env.stack.name,
        version=work.version.name,
        commit=work.version.id,
        reason=work.env.redactor.redact(str(error)),
        placed_by=work.title,
    )
    return {"held": True, "hold": hold.id}


@step("place-hold", timeout_seconds=30)
def place_hold_on(work: Work, left: Deployment, reason: str) -> Evidence:
    """Keep the version that was rolled away from being deployed again.

    Needs: a rollback. Leaves: a hold on the version it left. Again: one hold per version. Undo:
    `lift-hold/all`.
    """
    if is_held(work.version.id, [left.commit]):
        return {"held": None, "why": "the same version serves again, with another configuration"}
    hold = work.env.ledger.holds.place(
        stack=work.env.stack.name,
        version=left.version,
        commit=left.release.commit,
        reason=work.env.redactor.redact(reason),
        placed_by=work.title,
    )
    return {"held": left.version, "hold": hold.id}


def is_to_blame(error: BaseException) -> bool:
    """Whether the version failed by its own fault; what may pass by itself, such as a held table
    lock, is none."""
    return isinstance(error, AT_FAULT) and not error.retryable


def close_failed(work: Work, error: BaseException) -> Work:
    """End the deployment: FAILED where it never served, ROLLED_BACK where it did."""
    reason = reason_of(error)
    if work.deployment.state in (DeploymentState.WATCHING, DeploymentState.GOOD):
        work = move(work, DeploymentState.ROLLING_BACK, reason)
    if work.deployment.state is DeploymentState.ROLLING_BACK:
        return move(work, DeploymentState.ROLLED_BACK, reason)
    return move(work, DeploymentState.FAILED, reason)


def leave_to_person(work: Work, error: BaseException) -> Work:
    """No step is safe without a decision: REJECTED where nothing was changed, NEEDS_PERSON where
    the new version was left as it is on purpose, ROLLBACK_FAILED where a way back did not
    arrive."""
    reason, state = reason_of(error), work.deployment.state
    if state in UNDECIDED:
        return move(work, DeploymentState.REJECTED, reason)
    if isinstance(error, WayBackError):
        _supersede_previous(work)
        return move(work, DeploymentState.NEEDS_PERSON, reason)
    return move(
        move(work, DeploymentState.ROLLING_BACK, reason), DeploymentState.ROLLBACK_FAILED, reason
    )


def reason_of(error: BaseException) -> str:
    return (
        "the run was cancelled"
        if isinstance(error, TerminationSignal)
        else str(error) or type(error).__name__
    )


def previous(work: Work) -> Deployment | None:
    """The deployment that served when this one was opened: the way back."""
    target = work.deployment.rollback_target_id
    return work.env.ledger.deployments.get(target) if target else None


def _supersede_previous(work: Work) -> None:
    """Where the new version goes on serving, note that the old one does not: a later rollback must
    not choose it unasked."""
    old = previous(work)
    if work.deployment.state is DeploymentState.WATCHING and old is not None:
        work.env.ledger.deployments.move(
            old.id,
            DeploymentState.SUPERSEDED,
            reason=f"#{work.deployment.number} serves",
            actor=actor(),
            fence=work.fence,
        )


def _refuse_unfinished(env: OpenEnvironment, mine: str) -> None:
    """A plan made over what an interrupted run has half changed would be wrong."""
    for other in env.ledger.deployments.open_ones(env.stack.name, env.name):
        if other.state in UNFINISHED and other.key != mine:
            raise LockedError(
                f"changing {env.stack.name} {env.name}",
                f"#{other.number} {other.version} is in the middle of its change",
                "Wait until it ends; if its run is dead, `recover/all` ends it within a minute",
                retryable=True,
            )


def refuse_ended(work: Work) -> None:
    if work.deployment.state.is_final:
        raise LedgerError(
            f"going on with {work.title}",
            f"it has ended: {work.deployment.state.value}. {work.deployment.reason}",
            "Start a new release",
        )


def actor() -> str:
    return f"run {flow_run.get_id()}"

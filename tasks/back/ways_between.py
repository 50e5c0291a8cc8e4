"""What lies between a version and what serves: what a way back must take back of the schema, and
what it would not find any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import UNKNOWN, Planned, SchemaMove, planned_of
from tidegate.backups.restores import is_restored_over
from tidegate.errors import InputError
from tidegate.ledger.tables import Deployment, Step
from tidegate.plan.changes import DOWNGRADES, gravest, way_back_of
from tidegate.policy.states import DeploymentState


def way_back_to(env: OpenEnvironment, origin: Deployment, *, before: int) -> Planned:
    """What lies between `origin` and the deployment that would be opened as number `before`."""
    history = env.ledger.deployments.history(env.stack.name, env.name)
    between = [
        one
        for one in history
        if origin.number < one.number < before
        and not is_restored_over(one, history)
        and _has_migrated(env, one)
    ]
    return way_over([_left_by(env, one, history) for one in between])


def way_over(plans: Sequence[Planned]) -> Planned:
    """Combine the ways back of several releases, whose `plans` come newest first.

    Downgrade each database only as far as the oldest change that the old version cannot use. If an
    additive change lies above it, its data would be lost, so a person decides.
    """
    kind = gravest([plan.kind for plan in plans])
    way_back = way_back_of(
        kind, is_asked=all(plan.way_back == "ask the data" for plan in plans if plan.kind == kind)
    )
    if way_back not in DOWNGRADES:
        return Planned(kind, way_back, ())
    names = dict.fromkeys(move.database for plan in plans for move in plan.schema)
    undone = [
        _undone([move for plan in plans for move in plan.schema if move.database == name])
        for name in names
    ]
    if any(move.kind == "additive" for moves in undone for move in moves):
        return Planned("lossy", "stop and ask", ())
    return Planned(kind, way_back, tuple(_joined(moves) for moves in undone if moves))


def _undone(moves: Sequence[SchemaMove]) -> Sequence[SchemaMove]:
    """Of one database's moves, newest first: those from the newest to the oldest one that must be
    taken back."""
    moved = [move for move in moves if move.current != move.head]
    must_go = [place for place, move in enumerate(moved) if move.goes_down]
    return moved[: max(must_go) + 1] if must_go else []


def _joined(moves: Sequence[SchemaMove]) -> SchemaMove:
    newest, oldest = moves[0], moves[-1]
    return SchemaMove(
        newest.database,
        oldest.current,
        newest.head,
        gravest([move.kind for move in moves]),
        tuple(fit for move in moves for fit in move.fits),
    )


def refuse_gone_schema(env: OpenEnvironment, origin: Deployment) -> None:
    """A rollback takes changes of the schema back and makes none: those that `origin` ran with must
    be there still. Raises InputError."""
    history = env.ledger.deployments.history(env.stack.name, env.name)
    needed = [one for one in history if one.number <= origin.number and _has_migrated(env, one)]
    for by in (later for later in history if later.number > origin.number):
        if gone := next((one for one in needed if _is_undone(env, one, by, history)), None):
            raise InputError(
                f"going back to #{origin.number} {origin.version}",
                f"#{by.number} has taken back the database change of #{gone.number} "
                f"{gone.version}, without which it does not work",
                f"Release {origin.version} again: that makes the change anew",
            )


def _is_undone(
    env: OpenEnvironment, one: Deployment, by: Deployment, history: Sequence[Deployment]
) -> bool:
    """A restore undoes every change, a rollback those that the version before cannot use."""
    moves = [move for move in planned_of(env, one).schema if move.current != move.head]
    if is_restored_over(one, [by]):
        return bool(moves)
    is_back = _goes_over(by, one, history) and _has_downgraded(env, by)
    return is_back and any(move.goes_down for move in moves)


def _has_migrated(env: OpenEnvironment, one: Deployment) -> bool:
    return one.kind == "release" and _step_of(env, one, "migrate-schema") is not None


def _left_by(env: OpenEnvironment, one: Deployment, history: Sequence[Deployment]) -> Planned:
    """What a release has made of the databases and is there still: after a way back, only what the
    version before it can use too."""
    plan = planned_of(env, one)
    if plan == UNKNOWN or not _is_taken_back(env, one, history):
        return plan
    left = tuple(move for move in plan.schema if not move.goes_down)
    kind = gravest([move.kind for move in left])
    return replace(plan, kind=kind, way_back=way_back_of(kind, is_asked=False), schema=left)


def _is_taken_back(env: OpenEnvironment, one: Deployment, history: Sequence[Deployment]) -> bool:
    """By itself when it failed, or by a rollback that went over it: over several at once it says so
    of the newest alone."""
    over_it = [other for other in history if _goes_over(other, one, history)]
    return one.state is DeploymentState.ROLLED_BACK or any(
        _has_downgraded(env, other) for other in (one, *over_it)
    )


def _goes_over(back: Deployment, one: Deployment, history: Sequence[Deployment]) -> bool:
    """Whether a rollback leaves `one` behind, on its way to what was before it."""
    if back.kind != "rollback" or back.number < one.number:
        return False
    return any(other.id == back.origin_id and other.number < one.number for other in history)


def _has_downgraded(env: OpenEnvironment, one: Deployment) -> bool:
    down = _step_of(env, one, "downgrade-schema")
    return down is not None and down.is_done and "why" not in down.evidence


def _step_of(env: OpenEnvironment, one: Deployment, step: str) -> Step | None:
    journal = env.ledger.journal
    return journal.get(journal.key(env.name, env.stack.name, one.number, step))

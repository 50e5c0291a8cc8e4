"""A rollback is a deployment too: of an older release, into the same environment, with a way of its own."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from prefect import get_run_logger
from prefect.runtime import flow_run

from tasks.deployments import Planned, SchemaMove, planned_of
from tasks.slots import is_warm
from tasks.step import Evidence, step
from tasks.work import OpenEnvironment, Work
from tidegate.errors import MigrationError
from tidegate.facts import Commit, Version
from tidegate.ledger.tables import Deployment
from tidegate.plan import gravest, way_back_of
from tidegate.states import DeploymentState
from tidegate.targets import choose_target, serving


def open_rollback(env: OpenEnvironment, *, steps_back: int, to: str | None, reason: str, requested_by: str,
                  key: str = "") -> Work:
    """The rollback of this flow run, to a target chosen relative to what runs now. Raises InputError with candidates.

    `key` makes it the only one of its kind: whoever opens it again is given the same deployment.
    """
    key = key or f"rollback/{flow_run.get_id()}/{env.name}"
    history = env.ledger.deployments.history(env.stack.name, env.name)
    mine = next((one for one in history if one.key == key), None)
    others = [one for one in history if one.key != key]
    now = serving(others)
    held = env.ledger.holds.commits(env.stack.name)
    target = env.ledger.deployments.get(mine.origin_id) if mine and mine.origin_id else choose_target(
        others, steps_back=steps_back, to=to, held_commits=held)
    deployment = mine or env.ledger.deployments.open(
        key=key, release_id=target.release_id, environment=env.name, requested_by=requested_by or "unnamed",
        run_id=str(flow_run.get_id()), kind="rollback", origin_id=target.id, rollback_target_id=now.id, reason=reason,
        slot=target.slot)
    get_run_logger().info("going back from #%d %s to #%d %s", now.number, now.version, target.number, target.version)
    return work_of(env, deployment)


def work_of(env: OpenEnvironment, deployment: Deployment) -> Work:
    """Work on a deployment from the ledger alone: the way back needs no repository."""
    release = deployment.release
    commit = Commit(sha=release.commit, subject="", author="", at=datetime.now(UTC))
    return Work(env=env, deployment=deployment, version=Version(release.version, commit), pins=release.images)


def left_behind(work: Work) -> Deployment:
    """The deployment that a rollback goes away from."""
    if work.deployment.rollback_target_id is None:
        raise MigrationError(f"rolling back {work.title}", "nothing served before it", "Release a version")
    return work.env.ledger.deployments.get(work.deployment.rollback_target_id)


@step("plan", timeout_seconds=60)
def note_way_back(work: Work) -> Evidence:
    """Decide about the schema from what each release said of itself when it was planned.

    Needs: the journals of all deployments between here and there. Leaves: the decision. Again: the same. Undo: nothing.
    """
    origin = work.env.ledger.deployments.get(str(work.deployment.origin_id))
    return asdict(way_back_to(work.env, origin, before=work.deployment.number))


def way_back_to(env: OpenEnvironment, origin: Deployment, *, before: int) -> Planned:
    """What lies between `origin` and the deployment that would be opened as number `before`."""
    between = [one for one in env.ledger.deployments.history(env.stack.name, env.name)
               if origin.number < one.number < before and one.switched_at and one.kind == "release"
               and one.state not in (DeploymentState.ROLLED_BACK, DeploymentState.FAILED)]
    plans = [planned_of(env, one) for one in between]
    kind = gravest([plan.kind for plan in plans])
    heads = {move.database: move.head for move in planned_of(env, origin).schema}
    now = {move.database: move.head for plan in reversed(plans) for move in plan.schema}
    moves = tuple(SchemaMove(name, heads.get(name), head) for name, head in now.items() if heads.get(name) != head)
    return Planned(kind, way_back_of(kind), moves)


@step("refuse-lossy", timeout_seconds=30, retry_delays=())
def refuse_lossy(work: Work) -> Evidence:
    """Stop before anything moves where going back would lose data: that is a person's decision.

    Needs: the decision about the schema. Leaves: nothing. Again: the same. Undo: nothing.
    """
    way_back = planned_of(work.env, work.deployment).way_back
    if way_back == "stop and ask":
        since = left_behind(work).switched_at
        raise MigrationError(
            f"rolling back {work.env.stack.name} {work.env.name} to {work.version.name}",
            f"the database change between cannot be undone without losing what was written since "
            f"{since:%Y-%m-%d %H:%M} UTC" if since else "the database change between cannot be undone",
            "Decide: release a corrected version, or restore the backup with `restore/prod`, which asks for an approval")
    return {"way_back": way_back}


@step("wake-slot", timeout_seconds=600)
def wake_slot(work: Work) -> Evidence:
    """Have the old slot running: nothing to do while it is warm, a start when it was stopped, a new slot when it is gone.

    Needs: its images on the host. Leaves: running containers. Again: changes nothing. Undo: `stop-old-slot`.
    """
    if is_warm(work.env, work.project):
        return {"was": "warm"}
    for pin in work.pins.values():
        work.env.images.ensure(pin)
    work.env.compose.up(work.slot())
    return {"was": "cold"}

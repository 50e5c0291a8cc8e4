"""A rollback is a deployment too: of an older release, into the same environment, with a way of its
own."""

from __future__ import annotations

from dataclasses import asdict, replace

from prefect import get_run_logger
from prefect.runtime import flow_run

from tasks.back.ways_between import refuse_gone_schema, way_back_to
from tasks.data.schema import cannot_be_undone, refuse_misfits
from tasks.frame.deployments import UNDECIDED, refresh
from tasks.frame.environments import as_planned
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.outside import highest_number
from tasks.frame.planned import planned_of
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.adopted import start_again
from tasks.slots.containers import beside, up
from tasks.slots.state import is_whole, warmth
from tidegate.errors import InputError, MigrationError
from tidegate.ledger.tables import Deployment
from tidegate.plan.targets import choose_target, to_leave
from tidegate.policy.states import UNFINISHED
from tidegate.secrecy.outside_text import one_line


def open_rollback(
    env: OpenEnvironment,
    *,
    steps_back: int,
    to: str | None,
    reason: str,
    requested_by: str,
    key: str = "",
) -> Work:
    """The rollback of this flow run, to a target chosen relative to what runs now. Raises
    InputError with candidates.

    `key` makes it the only one of its kind: whoever opens it again is given the same deployment.
    """
    env.ledger.locks.refuse_data_change(env.stack.name, env.name)
    key = key or f"rollback/{flow_run.get_id()}/{env.name}"
    history = env.ledger.deployments.history(env.stack.name, env.name)
    mine = next((one for one in history if one.key == key), None)
    others = [one for one in history if one.key != key]
    now = to_leave(others)
    held = env.ledger.holds.commits(env.stack.name)
    target = (
        env.ledger.deployments.get(mine.origin_id)
        if mine and mine.origin_id
        else choose_target(others, steps_back=steps_back, to=to, held_commits=held)
    )
    deployment = mine or env.ledger.deployments.open(
        key=key,
        release_id=target.release_id,
        environment=env.name,
        above=highest_number(env),
        requested_by=requested_by or "unnamed",
        run_id=str(flow_run.get_id()),
        kind="rollback",
        origin_id=target.id,
        rollback_target_id=now.id,
        reason=one_line(reason),
        slot=target.slot,
    )
    get_run_logger().info(
        "going back from #%d %s to #%d %s", now.number, now.version, target.number, target.version
    )
    return work_of(as_planned(env, target), deployment)


def refuse_overtaken(work: Work) -> None:
    """The way back was decided over what served when it was opened. Raises InputError where another
    version has come since, to serve or to be left half way, and nothing was begun."""
    one, env = refresh(work).deployment, work.env
    history = env.ledger.deployments.history(env.stack.name, env.name)
    now = to_leave([other for other in history if other.id != one.id])
    is_newer = (now.switched_at or now.created_at) > one.created_at
    is_known = now.id == one.rollback_target_id or now.origin_id == one.origin_id
    if one.state in UNDECIDED and is_newer and not is_known:
        raise InputError(
            f"going back to {work.version.name}",
            f"#{now.number} {now.version} has come since this was asked for",
            "Nothing was changed. Look whether it is still wanted, and start it again",
        )


def left_behind(work: Work) -> Deployment:
    """The deployment that a rollback goes away from."""
    if work.deployment.rollback_target_id is None:
        raise MigrationError(
            f"rolling back {work.title}", "nothing served before it", "Release a version"
        )
    return work.env.ledger.deployments.get(work.deployment.rollback_target_id)


@step("plan", timeout_seconds=60)
def note_way_back(work: Work) -> Evidence:
    """Decide about the schema from what each release said of itself when it was planned.

    Needs: the journals of all deployments between here and there. Leaves: the decision. Again: the
    same. Undo: nothing. Raises InputError where the version would not find the schema it needs.
    """
    origin = work.env.ledger.deployments.get(str(work.deployment.origin_id))
    refuse_gone_schema(work.env, origin)
    return asdict(way_back_to(work.env, origin, before=work.deployment.number))


def interrupted(work: Work) -> list[Work]:
    """What was in the middle of a change when this one took the lock over; to be ended under this
    one's lock."""
    others = work.env.ledger.deployments.open_ones(work.env.stack.name, work.env.name)
    return [
        replace(work_of(as_planned(work.env, one), one), lock=work.lock)
        for one in others
        if one.state in UNFINISHED and one.id != work.deployment.id
    ]


@step("refuse-lossy", timeout_seconds=600, retry_delays=())
def refuse_lossy(work: Work) -> Evidence:
    """Stop before anything moves where going back would lose data: that is a person's decision.

    Needs: the decision about the schema; the databases, where it depends on the data. Leaves:
    nothing. Again: asks again. Undo: nothing.
    """
    plan = planned_of(work.env, work.deployment)
    if plan.way_back == "stop and ask":
        raise cannot_be_undone(left_behind(work), work.version.name)
    refuse_misfits(work, left_behind(work), plan.schema)
    return {"way_back": plan.way_back}


@step("find-images", timeout_seconds=900)
def find_images(work: Work) -> Evidence:
    """Have the images of an old slot that is gone on the host, before anything moves; a slot that
    is there needs none.

    Needs: the engine, and the registry where an image is gone too. Leaves: the images. Again:
    nothing is pulled twice. Undo: images are kept.
    """
    if is_whole(work.env, work.project):
        return {"slot": "there"}
    for pin in work.pins.values():
        work.env.images.ensure(pin)
    return {"slot": "gone", "pins": dict(work.pins)}


@step("wake-slot", timeout_seconds=600)
def wake_slot(work: Work) -> Evidence:
    """Have the old slot running: nothing to do while it is warm, a start when it was stopped, a new
    slot when it is gone.

    Needs: its images, where it is gone. Leaves: running containers. Again: changes nothing. Undo:
    `stop-old-slot`.
    """
    services = beside(work)  # what never runs twice comes after the switch
    was = warmth(work.env, work.project, services)
    if was == "stopped":
        start_again(work.env, work.project, services)  # as it was: with the configuration it had
    if was == "gone":
        for pin in work.pins.values():
            work.env.images.ensure(pin)
        up(work, services)
    return {"was": was}

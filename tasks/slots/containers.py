"""The containers of a deployment: started beside the old ones, judged, stopped, taken away."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from prefect import get_run_logger

from tasks.frame.deployments import previous
from tasks.frame.limits import MOST_SLOTS, with_waits
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import MOST_KEPT
from tasks.frame.planned import planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work, is_slot_of
from tasks.slots.adopted import all_run, handed_over, is_adopted, stop
from tasks.slots.alone import alone_in, in_slot
from tasks.slots.health import wait_for_slot
from tasks.slots.state import all_of, running_slots
from tidegate.errors import EdgeError
from tidegate.facts import PROJECT_LABEL
from tidegate.stack.roles import part_of
from tidegate.waiting import to_a_tenth


@step("ensure-images", timeout_seconds=900, retry_delays=(2, 10, 30))
def ensure_images(work: Work) -> Evidence:
    """Have every pinned image on the host before anything moves.

    Needs: pins. Leaves: the images. Again: nothing is pulled twice. Undo: images are kept.
    """
    for pin in work.pins.values():
        work.env.images.ensure(pin)
    return {"pins": dict(work.pins)}


@step("start-slot", timeout_seconds=300, retry_delays=(1, 5, 10))
def start_slot(work: Work) -> Evidence:
    """Start the new containers beside the old ones; nobody is sent to them yet. What never runs
    twice comes later.

    Needs: images, base services, lock. Leaves: a compose project of its own. Again: compose changes
    nothing. Undo: `remove_slot`.
    """
    up(work, beside(work))
    return {"project": work.project}


@step("wait-until-healthy", timeout_seconds=with_waits(1), retry_delays=(1, 5, 10))
def wait_until_healthy(work: Work) -> Evidence:
    """Wait for the new containers' own health checks, within the stack's start budget.

    Needs: started containers. Leaves: nothing. Again: asks again, with the whole budget: so only
    where the engine did not answer, or has stopped them and may start them again. Undo: nothing to
    undo.
    """
    seconds = wait_for_slot(work, work.project, beside(work))
    get_run_logger().info("%s healthy after %.1f s", work.project, seconds)
    return {"seconds": to_a_tenth(seconds)}


@step("stop-old-slot", timeout_seconds=with_waits(2))
def stop_old_slot(work: Work) -> Evidence:
    """Stop the old containers, kept startable, when their last requests have had time to finish.

    Needs: the edge serves the new slot. Leaves: stopped containers, or running ones where the stack
    file keeps them warm and they can live with the schema; the slots before them are removed, and
    the images that no way back reaches any more. Again: changes nothing. Undo: `rollback`.
    """
    old = previous(work)
    if old is None or old.slot == work.project:
        return {"stopped": None}
    if (
        work.env.config.keep_warm
        and not is_adopted(work.env, old.slot)
        and planned(work).way_back == "image only"
    ):
        left: Evidence = {"stopped": None, "warm": old.slot}
    else:
        _drain(work)
        left = {"stopped": old.slot, **_stop_old(work, old.slot)}
    removed = _remove_others(work, keep={old.slot, work.project})
    return {**left, "removed": removed, "images": _remove_old_images(work)}


@step("stop-slot-left", timeout_seconds=with_waits(1 + MOST_SLOTS))
def stop_slot_left(work: Work) -> Evidence:
    """Stop the containers that a rollback went away from, when their last requests have had time to
    finish, and those that a release in between had kept warm.

    Needs: the edge serves the older slot. Leaves: it running, and no other. Again: changes nothing.
    Undo: release again.
    """
    left = previous(work)
    if left is None or left.slot == work.project:
        return {"stopped": None}
    _drain(work)
    for project in sorted({left.slot, *_running_unrouted(work)}):
        stop_slot(work, project)
    if left.switched_at is None:
        work.env.compose.remove(left.slot)  # of what failed nothing stays
    return {"stopped": left.slot}


@step("remove-slot", timeout_seconds=600, retry_delays=(1, 5, 15, 30))
def remove_slot(work: Work) -> Evidence:
    """Take away the containers and networks of a deployment that failed. Never volumes, never what
    serves.

    Needs: the edge does not serve it. Leaves: nothing of the slot. Again: changes nothing. Undo:
    release again.
    """
    _refuse_routed(work, work.project)
    work.env.compose.remove(work.project)
    # only the first slot of an environment was alone
    work.env.networks.leave(work.env.stack.name, work.env.name)
    return {"removed": work.project}


def up(work: Work, services: Collection[str]) -> None:
    """Start these services of the slot where the edge, and of other environments nobody, can reach
    it."""
    work.env.networks.join(work.env.stack.name, work.env.name)
    if services:  # none where the only service never runs twice
        work.env.compose.up(part_of(work.slot(), services))


def beside(work: Work) -> set[str]:
    """The services of the slot that run beside those of the old one: all but those that never run
    twice."""
    return all_of(work.env, work.project) - in_slot(work.project, alone_in(work))


def _drain(work: Work) -> None:
    """Requests that the old slot began before the switch may finish."""
    switched = work.env.ledger.deployments.get(work.deployment.id).switched_at or datetime.now(UTC)
    left = (
        switched + timedelta(seconds=work.env.config.drain_seconds) - datetime.now(UTC)
    ).total_seconds()
    if left > 0:
        get_run_logger().info("draining the old containers for %.0f s more", left)
        time.sleep(left)


def stop_slot(work: Work, project: str) -> None:
    """Stop a slot that nobody is sent to. Edge and lock are looked at just before, because the
    engine knows no fence."""
    _refuse_routed(work, project)
    work.check_fence()
    stop(work.env, project, max(service.stop_grace_seconds for service in work.env.stack.services))


def _stop_old(work: Work, project: str) -> Evidence:
    """Says what others call is handed over, where the slot has it itself, and how long that took:
    not where an attempt before this one began it."""
    env, moved = work.env, handed_over(work.env, project)
    if not moved:
        stop_slot(work, project)
        return {}
    called = in_slot(project, {one.service.name for one in env.known} - env.alone)
    is_whole, began = all_run(env, project, called), time.monotonic()
    stop_slot(work, project)
    if not is_whole:
        return {"handed_over": moved}
    seconds = to_a_tenth(time.monotonic() - began)
    get_run_logger().info("%s: handed over within %.1f s", ", ".join(moved), seconds)
    return {"handed_over": moved, "handed_over_seconds": seconds}


def _remove_others(work: Work, keep: set[str]) -> list[str]:
    """Slots before the previous one, and what an interrupted run has left; never one that the edge
    sends people to."""
    env = work.env
    labels = {"tidegate.stack": env.stack.name, "tidegate.environment": env.name}
    there = {container.labels[PROJECT_LABEL] for container in env.host.containers(labels)}
    others = sorted(project for project in there - keep if not _is_routed(env, project))
    for project in others:
        work.check_fence()
        env.compose.remove(project)
    return others


def _remove_old_images(work: Work) -> list[str]:
    """Of this stack, on this engine. Whoever must log in to a server to make room there may take
    what is needed."""
    env = work.env
    needless = env.ledger.releases.needless(env.stack.name, MOST_KEPT)
    work.check_fence()
    return env.images.forget(needless)


def _running_unrouted(work: Work) -> set[str]:
    """Running slots that nobody is sent to. A way back may have gone further than to the warm one,
    and the version that serves again may be older than `keep_warm` in the stack file."""
    others = running_slots(work.env) - {work.project}
    return {project for project in others if not _is_routed(work.env, project)}


def _refuse_routed(work: Work, project: str) -> None:
    if _is_routed(work.env, project):
        raise EdgeError(
            f"taking {project} out of service",
            "the edge sends people to it",
            "Look at `tidegate status`: what serves is never stopped",
        )


def _is_routed(env: OpenEnvironment, project: str) -> bool:
    route = env.edge.route(env.stack.name, env.name)
    slots = (*route.targets, route.standby) if route else ()
    return any(is_slot_of(slot.url, project) for slot in slots if slot)

"""The containers of a deployment: started beside the old ones, judged, stopped, taken away."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Literal

from prefect import get_run_logger

from tasks.frame.deployments import previous
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work, is_slot_of
from tasks.slots.adopted import adopted_project, adopted_state, is_adopted, stop
from tasks.slots.alone import alone_in, in_slot
from tidegate.errors import DatabaseError, EdgeError, EngineError, UnhealthyError
from tidegate.facts import ONE_SHOT_LABEL, PROJECT_LABEL, ContainerFacts
from tidegate.secrecy.outside_text import clean
from tidegate.stack.roles import part_of

# a crash loop, and a rollback that takes over, are seen within it
POLL_SECONDS, MOST_POLL_SECONDS = (0.1, 1.0)
EVER_MORE_SELDOM = 0.1  # of the time that was waited already
ASK_AGAIN = 1.5
MOST_HEALTH_TEXT = 300
STEADY_SECONDS = 2  # what answers once and dies a second later is not healthy
NOBODY_WAS_SENT = (
    "Nobody was sent to it. Correct the application or its configuration, then release it again"
)
Warmth = Literal["warm", "stopped", "gone"]
"""Of a slot: one switch is enough; a start is; or it must be made anew."""


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


@step("wait-until-healthy", timeout_seconds=3600, retry_delays=(1, 5, 10))
def wait_until_healthy(work: Work) -> Evidence:
    """Wait for the new containers' own health checks, within the stack's start budget.

    Needs: started containers. Leaves: nothing. Again: asks again, with the whole budget: so only
    where the engine did not answer, or has stopped them and may start them again. Undo: nothing to
    undo.
    """
    seconds = wait_for_slot(work, work.project, beside(work))
    get_run_logger().info("%s healthy after %.1f s", work.project, seconds)
    return {"seconds": round(seconds, 1)}


@step("stop-old-slot", timeout_seconds=1200)
def stop_old_slot(work: Work) -> Evidence:
    """Stop the old containers, kept startable, when their last requests have had time to finish.

    Needs: the edge serves the new slot. Leaves: stopped containers, or running ones where the stack
    file keeps them warm and they can live with the schema; the slots before them are removed.
    Again: changes nothing. Undo: `rollback`.
    """
    old = previous(work)
    if old is None or old.slot == work.project:
        return {"stopped": None}
    if (
        work.env.config.keep_warm
        and not is_adopted(work.env, old.slot)
        and planned(work).way_back == "image only"
    ):
        return {
            "stopped": None,
            "warm": old.slot,
            "removed": _remove_others(work, keep={old.slot, work.project}),
        }
    _drain(work)
    stop_slot(work, old.slot)
    return {"stopped": old.slot, "removed": _remove_others(work, keep={old.slot, work.project})}


@step("stop-slot-left", timeout_seconds=1200)
def stop_slot_left(work: Work) -> Evidence:
    """Stop the containers that a rollback went away from, when their last requests have had time to
    finish.

    Needs: the edge serves the older slot. Leaves: stopped containers. Again: changes nothing. Undo:
    release again.
    """
    left = previous(work)
    if left is None or left.slot == work.project:
        return {"stopped": None}
    _drain(work)
    for project in sorted({left.slot, *_kept_warm(work)}):
        stop_slot(work, project)
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
    work.env.compose.up(part_of(work.slot(), services))


def beside(work: Work) -> set[str]:
    """The services of the slot that run beside those of the old one: all but those that never run
    twice."""
    return all_of(work.env, work.project) - in_slot(work.project, alone_in(work))


def slot_state(env: OpenEnvironment, project: str) -> list[ContainerFacts]:
    return env.host.containers({PROJECT_LABEL: project}) or adopted_state(env, project)


def warmth(env: OpenEnvironment, project: str, services: Collection[str] | None = None) -> Warmth:
    """How much of the slot, or of some `services` of it, is there, by one look at the engine."""
    wanted = all_of(env, project) if services is None else set(services)
    containers = [
        one for one in slot_state(env, project) if services is None or one.service in wanted
    ]
    if not wanted <= {container.service for container in containers}:
        return "gone"
    return "warm" if all(serves(env, container) for container in containers) else "stopped"


def is_whole(env: OpenEnvironment, project: str) -> bool:
    """Every released service has a container, running or not."""
    return all_of(env, project) <= {container.service for container in slot_state(env, project)}


def is_warm(env: OpenEnvironment, project: str) -> bool:
    return warmth(env, project) == "warm"


def serves(env: OpenEnvironment, container: ContainerFacts) -> bool:
    """By its own health check. One that has just started is asked now: the engine asks when its
    interval is over."""
    if container.serves or container.state != "running" or container.health != "starting":
        return container.serves
    check = env.host.own_check(container.id)
    return check is not None and check.exit_code == 0


def wait_for_slot(work: Work, project: str, services: Collection[str]) -> float:
    """Seconds until these services of the slot serve, within the longest start budget of the stack.

    A rollback that takes over ends the wait: it removes what is waited for.
    """
    env = work.env
    try:
        return wait_for(
            env,
            project,
            set(services),
            max(one.start_budget_seconds for one in env.stack.services),
            proved_before=work.deployment.kind == "rollback",
            while_waiting=work.check_fence,
        )
    except UnhealthyError as error:
        refuse_without_base(env, error)
        raise


def refuse_without_base(env: OpenEnvironment, error: UnhealthyError) -> None:
    """Without its database no version becomes healthy, so none is to blame."""
    released = {service.name for service in env.stack.services}
    if stopped := [
        one.name
        for one in slot_state(env, env.base_project)
        if one.service not in released and one.state != "running" and not one.has_done_its_work
    ]:
        raise DatabaseError(
            error.doing,
            f"{error.came_back.rstrip()} But {', '.join(stopped)} does not run either",
            f"Find out why, then start it: docker start {' '.join(stopped)}",
        ) from None


def wait_for(
    env: OpenEnvironment,
    project: str,
    services: set[str],
    budget_seconds: float,
    *,
    proved_before: bool = False,
    while_waiting: Callable[[], None] = lambda: None,
) -> float:
    """Seconds until all `services` serve. A crash loop is recognised at once; starting is not
    failed (P64).

    Each is asked by its own check as soon as it has started, since the engine asks an interval
    later. That is enough where it has `proved_before` that it works, or is no version, as a
    database; another one is asked again `STEADY_SECONDS` later, unless the engine has asked
    meanwhile.
    """
    begun, ask_at, good_since = time.monotonic(), 0.0, math.inf
    while True:
        while_waiting()
        waited = time.monotonic() - begun
        asked, containers = (
            waited >= ask_at,
            [c for c in slot_state(env, project) if c.service in services],
        )
        if {c.service for c in containers if c.serves} == services:
            return time.monotonic() - begun
        if asked and {c.service for c in containers if serves(env, c)} == services:
            if proved_before or waited - good_since >= STEADY_SECONDS:
                return time.monotonic() - begun
            good_since = min(good_since, waited)
            ask_at = good_since + STEADY_SECONDS
        elif asked:
            good_since = math.inf
            # ever more seldom: a check takes time from what starts
            ask_at = ASK_AGAIN * (time.monotonic() - begun)
        for container in containers:
            refuse_dead(env, container)
        if waited > budget_seconds:
            raise _unhealthy(
                env,
                containers,
                f"not {_wanted(containers)} within its start budget of {budget_seconds:.0f} s",
            )
        time.sleep(min(MOST_POLL_SECONDS, max(POLL_SECONDS, EVER_MORE_SELDOM * waited)))


def all_of(env: OpenEnvironment, project: str) -> set[str]:
    """The released services under the names that they have in a slot."""
    number = project.rsplit("-", 1)[-1]
    return {f"{service.name}-{number}" for service in env.stack.services}


def refuse_dead(env: OpenEnvironment, container: ContainerFacts) -> None:
    if container.has_done_its_work:
        return
    if container.was_stopped:
        raise EngineError(
            f"starting {container.name}",
            "it was stopped from outside, by somebody or with its engine",
            "Release it again",
            retryable=True,
        )
    if container.restarts > 0 or container.state in ("exited", "dead", "restarting"):
        # or forgotten
        code = (
            f"exit code {container.exit_code}, "
            if container.exit_code or not container.restarts
            else ""
        )
        raise _unhealthy(
            env, [container], f"its process ended ({code}restarted {container.restarts} times)"
        )


def _wanted(containers: list[ContainerFacts]) -> str:
    late = next((one for one in containers if not one.serves), None)
    if late and ONE_SHOT_LABEL in late.labels:
        return 'ended (if it is to run on, take `restart: "no"` out of the compose file)'
    return "healthy"


def _unhealthy(env: OpenEnvironment, containers: list[ContainerFacts], what: str) -> UnhealthyError:
    bad = next((container for container in containers if not container.serves), None)
    if bad is None:
        return UnhealthyError("starting the containers", what, NOBODY_WAS_SENT)
    said = (
        f" Its last health check said: {health}."
        if (health := bad.health_said or _says_now(env, bad))
        else ""
    )
    return UnhealthyError(
        f"starting {bad.name}", f"{what}.{said}{last_lines_of(env, bad)}", NOBODY_WAS_SENT
    )


def _says_now(env: OpenEnvironment, container: ContainerFacts) -> str:
    check = env.host.own_check(container.id) if container.state == "running" else None
    return clean((check.stdout + check.stderr).strip(), MOST_HEALTH_TEXT) if check else ""


def last_lines_of(env: OpenEnvironment, container: ContainerFacts) -> str:
    """For an error's text, with a blank before."""
    log = env.redactor.redact(env.host.logs(container.id)).rstrip()
    return f" Its last 20 log lines:\n{log}\n" if log else " It logged nothing"


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


def running_slots(env: OpenEnvironment) -> set[str]:
    """Serving or not."""
    labels = {"tidegate.stack": env.stack.name, "tidegate.environment": env.name}
    there = {
        one.labels[PROJECT_LABEL] for one in env.host.containers(labels) if one.state == "running"
    }
    taken_over = adopted_project(env)
    return there | {
        name
        for name in (taken_over,)
        if name and any(one.state == "running" for one in slot_state(env, name))
    }


def _kept_warm(work: Work) -> set[str]:
    """Running slots that nobody is sent to: a way back may have gone further than to the warm
    one."""
    env = work.env
    warm = running_slots(env) - {work.project} if env.config.keep_warm else set[str]()
    return {project for project in warm if not _is_routed(env, project)}


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

"""Waiting until the containers of a slot serve, and the errors of those that do not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tasks.slots.state import last_lines_of, serves, slot_state
from tidegate.errors import DatabaseError, EngineError, UnhealthyError
from tidegate.facts import ONE_SHOT_LABEL, ContainerFacts
from tidegate.secrecy.outside_text import clean

# a crash loop, and a rollback that takes over, are seen within it
POLL_SECONDS, MOST_POLL_SECONDS = (0.1, 1.0)
EVER_MORE_SELDOM = 0.1  # of the time that was waited already
ASK_AGAIN = 1.5
MOST_HEALTH_TEXT = 300
STEADY_SECONDS = 2  # what answers once and dies a second later is not healthy
NOBODY_WAS_SENT = (
    "Nobody was sent to it. Correct the application or its configuration, then release it again"
)


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
        asked = waited >= ask_at
        containers = [c for c in slot_state(env, project) if c.service in services]
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
        # The engine forgets the exit code when it restarts the container.
        is_known = container.exit_code or not container.restarts
        code = f"exit code {container.exit_code}, " if is_known else ""
        raise _unhealthy_one(
            env, container, f"its process ended ({code}restarted {container.restarts} times)"
        )


def _wanted(containers: list[ContainerFacts]) -> str:
    late = next((one for one in containers if not one.serves), None)
    if late and ONE_SHOT_LABEL in late.labels:
        return 'ended (if it is to run on, take `restart: "no"` out of the compose file)'
    return "healthy"


def _unhealthy(env: OpenEnvironment, containers: list[ContainerFacts], what: str) -> UnhealthyError:
    bad = next((container for container in containers if not serves(env, container)), None)
    if bad is None:
        return UnhealthyError("starting the containers", what, NOBODY_WAS_SENT)
    return _unhealthy_one(env, bad, what)


def _unhealthy_one(env: OpenEnvironment, bad: ContainerFacts, what: str) -> UnhealthyError:
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

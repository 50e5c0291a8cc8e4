"""The minutes after a switch: the new slot, the live figures and the smoke checks decide whether it
stays."""

from __future__ import annotations

import time

from prefect import get_run_logger

from tasks.frame.limits import SPARE_SECONDS
from tasks.frame.planned import planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.smoke import smoke_public_door
from tasks.slots.state import last_lines_of, slot_state
from tasks.traffic.live import SlidingWindow, baseline_of
from tidegate.edge.ports import Witness
from tidegate.edge.probing import MOST_REQUESTS
from tidegate.errors import EdgeError, RegressionError
from tidegate.facts import CheckResult
from tidegate.stack.formats import MOST_WATCH_SECONDS

LOOK_SECONDS = 1.0
SMOKE_EVERY_SECONDS = 15.0
MOST_WITNESS_FAILURES = 5
EDGE_AWAY_SECONDS = 60.0
"""An edge that restarts is waited for; nobody can be judged meanwhile."""


@step("watch", timeout_seconds=MOST_WATCH_SECONDS + SPARE_SECONDS, retry_delays=())
def watch_release(work: Work, witness: Witness) -> Evidence:
    """Look at the new version for the planned time; raise RegressionError as soon as it is worse
    than the old one, and EdgeError where it cannot be seen.

    Needs: the switch. Leaves: nothing. Again: watches what is left of the time since the switch.
    Undo: `shift_back`.
    """
    switched = work.env.ledger.deployments.get(work.deployment.id).switched_at
    begun, looks, seconds = time.time(), 0, planned(work).watch_seconds
    end = (switched.timestamp() if switched else begun) + seconds
    next_smoke = begun + SMOKE_EVERY_SECONDS
    window = SlidingWindow(
        work, witness, baseline_of(work.env.ledger.deployments.get(work.deployment.id))
    )
    while time.time() < end:
        work.check_fence()  # a rollback stops the watch: what it does looks like a regression
        _look(work, witness)
        _judge(work, window)
        if time.time() >= next_smoke:
            _smoke(work)
            next_smoke = time.time() + SMOKE_EVERY_SECONDS
        looks += 1
        time.sleep(LOOK_SECONDS)
    get_run_logger().info("watched %s for %d s: it stays", work.title, seconds)
    return {"seconds": seconds, "looks": looks}


def _look(work: Work, witness: Witness) -> None:
    for container in slot_state(work.env, work.project):
        if container.has_done_its_work:
            continue
        if container.restarts or container.state != "running" or container.health == "unhealthy":
            raise _worse(
                work,
                f"{container.name} is {container.state} ({container.health}), restarted "
                f"{container.restarts} times.{last_lines_of(work.env, container)}",
            )
    failed = [seen for seen in witness.failures(MOST_REQUESTS) if seen.reached]
    if len(failed) > MOST_WITNESS_FAILURES:
        raise _worse(work, f"{len(failed)} requests through the edge failed; first: {failed[0]}")


def _judge(work: Work, window: SlidingWindow) -> None:
    if (verdict := window.judge()).outcome == "worse":
        raise _worse(work, "; ".join(verdict.reasons))


def _smoke(work: Work) -> None:
    if bad := [
        f"{result.name}: {result.detail}" for result in _ask(work) if result.outcome != "pass"
    ]:
        raise _worse(work, "; ".join(bad))


def _ask(work: Work) -> list[CheckResult]:
    end = time.time() + EDGE_AWAY_SECONDS
    while True:
        try:
            return smoke_public_door(work.env, work.version, work.deployment.number)
        except EdgeError as away:
            if time.time() > end:
                raise
            get_run_logger().warning("%s", away)
            time.sleep(LOOK_SECONDS)


def _worse(work: Work, what: str) -> RegressionError:
    return RegressionError(
        f"watching {work.title} after the switch",
        what,
        "The old version serves again. Correct the application and release the new commit",
    )

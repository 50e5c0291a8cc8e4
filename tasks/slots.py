"""The containers of a deployment: started beside the old ones, judged, stopped, taken away."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from prefect import get_run_logger

from tasks.deployments import previous
from tasks.step import Evidence, step
from tasks.work import OpenEnvironment, Work
from tidegate.errors import UnhealthyError
from tidegate.facts import ContainerFacts

PROJECT_LABEL = "com.docker.compose.project"
POLL_SECONDS = 0.3


@step("ensure-images", timeout_seconds=900, retry_delays=(2, 10, 30))
def ensure_images(work: Work) -> Evidence:
    """Have every pinned image on the host before anything moves.

    Needs: pins. Leaves: the images. Again: nothing is pulled twice. Undo: images are kept.
    """
    for pin in work.pins.values():
        work.env.images.ensure(pin)
    return {"pins": dict(work.pins)}


@step("start-slot", timeout_seconds=300)
def start_slot(work: Work) -> Evidence:
    """Start the new containers beside the old ones; nobody is sent to them yet.

    Needs: images, base services, lock. Leaves: a compose project of its own. Again: compose changes nothing.
    Undo: `remove_slot`.
    """
    work.env.compose.up(work.slot())
    return {"project": work.project}


@step("wait-until-healthy", timeout_seconds=3600, retry_delays=())
def wait_until_healthy(work: Work) -> Evidence:
    """Wait for the new containers' own health checks, within the stack's start budget.

    Needs: started containers. Leaves: nothing. Again: asks again. Undo: nothing to undo.
    """
    services = work.env.stack.services
    names = {f"{service.name}-{work.project.rsplit('-', 1)[-1]}" for service in services}
    seconds = wait_for(work.env, work.project, names, max(service.start_budget_seconds for service in services))
    get_run_logger().info("%s healthy after %.1f s", work.project, seconds)
    return {"seconds": round(seconds, 1)}


@step("stop-old-slot", timeout_seconds=1200)
def stop_old_slot(work: Work) -> Evidence:
    """Stop the old containers, kept startable, when their last requests have had time to finish.

    Needs: the edge serves the new slot. Leaves: stopped containers; the slots before them are removed.
    Again: changes nothing. Undo: `rollback` starts them.
    """
    old = previous(work)
    if old is None or old.slot == work.project:
        return {"stopped": None}
    _drain(work)
    grace = max(service.stop_grace_seconds for service in work.env.stack.services)
    work.env.compose.stop(old.slot, grace_seconds=grace)
    removed = _remove_older(work.env, keep={old.slot, work.project})
    return {"stopped": old.slot, "removed": removed}


@step("stop-slot-left", timeout_seconds=1200)
def stop_slot_left(work: Work) -> Evidence:
    """Stop the containers that a rollback went away from, when their last requests have had time to finish.

    Needs: the edge serves the older slot. Leaves: stopped containers. Again: changes nothing. Undo: release again.
    """
    left = previous(work)
    if left is None or left.slot == work.project:
        return {"stopped": None}
    _drain(work)
    work.env.compose.stop(left.slot, grace_seconds=max(s.stop_grace_seconds for s in work.env.stack.services))
    return {"stopped": left.slot}


@step("remove-slot", timeout_seconds=300)
def remove_slot(work: Work) -> Evidence:
    """Take away the containers and networks of a deployment that failed. Never volumes, never what serves.

    Needs: the edge does not serve it. Leaves: nothing of the slot. Again: changes nothing. Undo: release again.
    """
    if work.env.edge.serving(work.env.config.domains[0]) == work.deployment.number:
        return {"removed": None, "why": "it serves"}
    work.env.compose.remove(work.project)
    return {"removed": work.project}


def slot_state(env: OpenEnvironment, project: str) -> list[ContainerFacts]:
    return env.host.containers({PROJECT_LABEL: project})


def is_warm(env: OpenEnvironment, project: str) -> bool:
    """Every container of the slot runs and is healthy, so one switch is enough."""
    containers = slot_state(env, project)
    return bool(containers) and all(container.serves for container in containers)


def wait_for(env: OpenEnvironment, project: str, services: set[str], budget_seconds: float) -> float:
    """Seconds until all `services` serve. A crash loop is recognised at once; starting is not failed (P64)."""
    begun = time.monotonic()
    while True:
        containers = [c for c in slot_state(env, project) if c.service in services]
        if {c.service for c in containers if c.serves} == services:
            return time.monotonic() - begun
        for container in containers:
            _refuse_dead(env, container)
        if time.monotonic() - begun > budget_seconds:
            raise _unhealthy(env, containers, f"not healthy within its start budget of {budget_seconds:.0f} s")
        time.sleep(POLL_SECONDS)


def _refuse_dead(env: OpenEnvironment, container: ContainerFacts) -> None:
    if container.restarts > 0 or container.state in ("exited", "dead", "restarting"):
        raise _unhealthy(env, [container], f"its process ended (exit code {container.exit_code}, "
                                           f"restarted {container.restarts} times)")


def _unhealthy(env: OpenEnvironment, containers: list[ContainerFacts], what: str) -> UnhealthyError:
    bad = next((container for container in containers if not container.serves), None)
    name = bad.name if bad else "the containers"
    log = env.redactor.redact(env.host.logs(bad.id)) if bad else ""
    return UnhealthyError(f"starting {name}", f"{what}. Its last 20 log lines:\n{log}",
                          "The old version still serves. Correct the application and release the new commit")


def _drain(work: Work) -> None:
    """Requests that the old slot began before the switch may finish."""
    switched = work.env.ledger.deployments.get(work.deployment.id).switched_at or datetime.now(UTC)
    left = (switched + timedelta(seconds=work.env.config.drain_seconds) - datetime.now(UTC)).total_seconds()
    if left > 0:
        get_run_logger().info("draining the old containers for %.0f s more", left)
        time.sleep(left)


def _remove_older(env: OpenEnvironment, keep: set[str]) -> list[str]:
    """Stopped slots before the previous one; what runs is never taken for old."""
    labels = {"tidegate.stack": env.stack.name, "tidegate.environment": env.name}
    slots: dict[str, bool] = {}
    for container in env.host.containers(labels):
        project = container.labels[PROJECT_LABEL]
        slots[project] = slots.get(project, False) or container.state == "running"
    old = sorted(project for project, running in slots.items() if not running and project not in keep)
    for project in old:
        env.compose.remove(project)
    return old

"""The containers of a slot, as the engine shows them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from tasks.frame.open_environment import OpenEnvironment
from tasks.slots.adopted import adopted_project, adopted_state
from tidegate.facts import PROJECT_LABEL, ContainerFacts
from tidegate.ledger.adoptions import released_in
from tidegate.stack.names import slot_number

Warmth = Literal["warm", "stopped", "gone"]
"""Of a slot: one switch is enough; a start is; or it must be made anew."""


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


def all_of(env: OpenEnvironment, project: str) -> set[str]:
    """The services of a slot under the names that they have in it."""
    number = slot_number(project)
    there = released_in(env.ledger, env.stack.name, env.name, project, env.released)
    return {f"{name}-{number}" for name in there}


def last_lines_of(env: OpenEnvironment, container: ContainerFacts) -> str:
    """For an error's text, with a blank before."""
    log = env.redactor.redact(env.host.logs(container.id)).rstrip()
    return (
        f" The last 20 log lines of {container.name}:\n{log}\n"
        if log
        else f" {container.name} logged nothing"
    )


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

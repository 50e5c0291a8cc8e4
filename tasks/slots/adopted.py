"""The slot of what was taken over: the team's own containers, which stay in their project, beside
the data.

They are stopped and started one by one, never by their project, and never removed: what they wrote
inside is theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.called import called_by_hand, let_go_of_ports, open_called
from tidegate.facts import ONE_SHOT_LABEL, PROJECT_LABEL, ContainerFacts
from tidegate.ledger.adoptions import adopted, adoption_of, noted
from tidegate.stack.names import slot_number
from tidegate.stack.slot import edge_alias, edge_network_name


@step("attach-containers", timeout_seconds=120)
def attach_containers(work: Work) -> Evidence:
    """Let the edge reach the containers that run, under the names that those of a slot have.

    Needs: running containers. Leaves: them on one network more; nothing is restarted. Again:
    changes nothing. Undo: `detach_containers`.
    """
    env, network = work.env, _network(work.env)
    env.networks.join(env.stack.name, env.name)
    for one in _taken(noted(env.ledger, work.deployment)):
        work.check_fence()
        env.by_hand.attach(one["id"], network, edge_alias(work.project, one["service"]))
    return {"network": network}


@step("detach-containers", timeout_seconds=120, retry_delays=(1, 5, 15))
def detach_containers(work: Work) -> Evidence:
    """Take the containers off the edge's network again, as they were before.

    Needs: an edge that sends nobody there. Leaves: nothing of the takeover. Again: changes nothing.
    Undo: start the takeover again.
    """
    env, network = work.env, _network(work.env)
    for one in _taken(noted(env.ledger, work.deployment)):
        env.by_hand.detach(one["id"], network)
    env.networks.leave(env.stack.name, env.name)
    return {"network": network}


def adopted_state(env: OpenEnvironment, project: str) -> list[ContainerFacts]:
    """What of them is there, under the names that services have in a slot. Empty for a slot that
    Tidegate started."""
    known = {
        one["id"]: one["ended"] for one in adopted(env.ledger, env.stack.name, env.name, project)
    }
    if not known:
        return []
    number, there = slot_number(project), env.host.containers({PROJECT_LABEL: env.base_project})
    return [
        _as_in_slot(one, project, f"{one.service}-{number}", has_ended=known[one.id])
        for one in there
        if one.id in known
    ]


def _as_in_slot(
    one: ContainerFacts, project: str, service: str, *, has_ended: bool
) -> ContainerFacts:
    ended = {ONE_SHOT_LABEL: "by hand"} if has_ended else {}
    return replace(one, service=service, labels={**one.labels, **ended, PROJECT_LABEL: project})


def adopted_project(env: OpenEnvironment) -> str | None:
    """The slot of the newest takeover; None where nothing was taken over."""
    found = adoption_of(env.ledger, env.stack.name, env.name)
    return found.slot if found else None


def is_adopted(env: OpenEnvironment, project: str) -> bool:
    """Whether a slot is the team's own containers, and not one that Tidegate made of their images
    since."""
    return not env.host.containers({PROJECT_LABEL: project}) and bool(adopted_state(env, project))


def handed_over(env: OpenEnvironment, project: str) -> list[str]:
    """Names and ports by which others call the slot's containers, and at which they may get no
    answer while these stop: as people read them."""
    return called_by_hand(env, project) if is_adopted(env, project) else []


def all_run(env: OpenEnvironment, project: str, services: Collection[str]) -> bool:
    """Whether none of these is stopped yet, by an earlier attempt or by hand; by their names in the
    slot."""
    there = [one for one in adopted_state(env, project) if one.service in services]
    return all(one.state == "running" for one in there)


def stop(
    env: OpenEnvironment, project: str, grace_seconds: int, services: Collection[str] | None = None
) -> None:
    """Stop a slot's containers, or those of some services by their names in it, and keep them."""
    if is_adopted(env, project):
        env.by_hand.stop(_running_ones(env, project, services), grace_seconds)
        open_called(env, env.edge.route(env.stack.name, env.name))  # their ports are free
    else:
        env.compose.stop(project, grace_seconds, services)


def start_again(
    env: OpenEnvironment, project: str, services: Collection[str] | None = None
) -> None:
    """Start a slot's containers, or some of them, as they were."""
    if is_adopted(env, project):
        containers = _running_ones(env, project, services)
        let_go_of_ports(env, project, containers)
        env.by_hand.start(containers)
    else:
        env.compose.start_again(project, services)


def _running_ones(
    env: OpenEnvironment, project: str, services: Collection[str] | None
) -> list[str]:
    """Those that are meant to run: what did its work once is not set going again."""
    return [
        one.id
        for one in adopted_state(env, project)
        if ONE_SHOT_LABEL not in one.labels and (services is None or one.service in services)
    ]


def _taken(containers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in containers if not one["ended"]]


def _network(env: OpenEnvironment) -> str:
    return edge_network_name(env.host.edge_network, env.stack.name, env.name)

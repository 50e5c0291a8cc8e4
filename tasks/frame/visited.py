"""By which host name and path visitors come to an environment, and what the edge was told of its
slot."""

from __future__ import annotations

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tidegate.edge.facts import Door, DoorPlace, Route, Target
from tidegate.edge.hosts import whole_names
from tidegate.edge.route_faults import slots_of
from tidegate.errors import EdgeError
from tidegate.stack.routes import hosts_of


def visited_name(env: OpenEnvironment, word: str | None = None) -> str:
    """The host name by which visitors come, of `domains` or of a `domains_of`: the first that the
    edge's route has, as a way back may have gone without those that somebody else has taken
    since."""
    route = _route_now(env)
    own, there = (
        whole_names(hosts_of(env.config, word)),
        whole_names(route.domains) if route else [],
    )
    kept = [host for host in there if host in own]
    return (kept or (there if word is None else []) or own)[0]


def visited_names(env: OpenEnvironment) -> dict[str, str]:
    """The same of each `domains_of`, by its word."""
    return {word: visited_name(env, word) for word in env.config.domains_of}


def visited_door(env: OpenEnvironment) -> DoorPlace:
    """Where it is seen who serves visitors: at the main route's path, or at another one where the
    version that serves has no door there."""
    host, main, route = visited_name(env), env.routed[0].path, _route_now(env)
    doors = route.targets[0].doors if route and route.targets else ()
    there = [door.path for door in doors if host in door.hosts]
    return DoorPlace(host, main if main in there or not there else there[0])


def served_doors(env: OpenEnvironment, number: int) -> tuple[Door, ...]:
    """The doors of the deployment `number`; none where it has all paths of its names."""
    route = _route_now(env)
    slots = slots_of(route) if route else []
    return next((one.doors for one in slots if one.deployment == number), ())


def told_of(work: Work) -> Target:
    """What the edge was told of this deployment's slot."""
    route = _route_now(work.env)
    there = (
        (one for one in slots_of(route) if one.deployment == work.deployment.number)
        if route
        else iter(())
    )
    return next(there, work.target())


def _route_now(env: OpenEnvironment) -> Route | None:
    try:
        return env.edge.route(env.stack.name, env.name)
    except EdgeError:  # a broken file: Traefik goes on with what it has read
        return None

"""Whose a host name is, asked of every stack file and of every route at the edge."""

from __future__ import annotations

from tasks.frame.work import OpenEnvironment, Work
from tidegate.edge.doors import doors_of_routes, doors_of_stacks, taken_doors
from tidegate.edge.facts import Route, Served, Target
from tidegate.edge.hosts import whole_names
from tidegate.edge.route_faults import slots_of
from tidegate.errors import EdgeError, StackFileError
from tidegate.stack.catalogue import every_stack
from tidegate.stack.routes import hosts_of


def refuse_taken_doors(env: OpenEnvironment) -> None:
    """Raises StackFileError when another stack or environment has one of this environment's host
    names.

    A stack file that cannot be read claims nothing: it cannot be released.
    """
    doors = [
        *doors_of_routes(env.edge.routes().good),
        *doors_of_stacks(every_stack(env.settings.stacks).good),
    ]
    if taken := taken_doors(env.stack.name, env.name, env.config.hosts, doors):
        raise _not_yours(env, "; ".join(map(str, taken)))


def refuse_foreign_answers(env: OpenEnvironment) -> dict[str, Served | None]:
    """Who answers under each host name now. Raises StackFileError when it is somebody else."""
    answers = {domain: env.edge.serving(domain) for domain in whole_names(env.config.hosts)}
    foreign = {
        domain: served
        for domain, served in answers.items()
        if served and (served.stack, served.environment) != (env.stack.name, env.name)
    }
    if foreign:
        raise _not_yours(
            env,
            "; ".join(f"{domain} is answered by {served}" for domain, served in foreign.items()),
        )
    return answers


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


def _not_yours(env: OpenEnvironment, came_back: str) -> StackFileError:
    return StackFileError(
        f"looking whose the host names of {env.stack.name} {env.name} are",
        came_back,
        "Choose another host name, or take it out of the other stack and release that",
    )

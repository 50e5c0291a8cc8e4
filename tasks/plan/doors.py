"""Whose a host name is, asked of every stack file and of every route at the edge."""

from __future__ import annotations

from tasks.frame.open_environment import OpenEnvironment
from tidegate.edge.doors import doors_of_routes, doors_of_stacks, taken_doors
from tidegate.edge.facts import Served
from tidegate.edge.hosts import whole_names
from tidegate.errors import StackFileError
from tidegate.stack.catalogue import every_stack


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


def _not_yours(env: OpenEnvironment, came_back: str) -> StackFileError:
    return StackFileError(
        f"looking whose the host names of {env.stack.name} {env.name} are",
        came_back,
        "Choose another host name, or take it out of the other stack and release that",
    )

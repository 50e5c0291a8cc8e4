"""Whose a host name and its paths are, asked of every stack file and of every route at the
edge."""

from __future__ import annotations

from tasks.frame.open_environment import OpenEnvironment
from tidegate.edge.doors import (
    WHAT_TO_DO,
    Claim,
    claims_of,
    doors_of_routes,
    doors_of_stacks,
    taken_doors,
)
from tidegate.edge.facts import Served
from tidegate.edge.hosts import whole_names
from tidegate.errors import StackFileError
from tidegate.stack.catalogue import every_stack


def refuse_taken_doors(env: OpenEnvironment) -> None:
    """Raises StackFileError when another stack or environment has what this environment claims.

    A stack file that cannot be read claims nothing: it cannot be released.
    """
    doors = [
        *doors_of_routes(env.edge.routes().good),
        *doors_of_stacks(every_stack(env.settings.stacks).good),
    ]
    if taken := taken_doors(_claims(env), doors):
        raise _not_yours(env, "; ".join(dict.fromkeys(map(str, taken))))


def refuse_foreign_answers(env: OpenEnvironment) -> dict[str, Served | None]:
    """Who answers now under each host name, and at each path of those that are shared. Raises
    StackFileError when it is somebody with whom they are not shared."""
    answers = {
        str(claim.place) if claim.shares_with else claim.host: env.edge.serving(*claim.place)
        for claim in _claims(env)
        if whole_names([claim.host])
    }
    foreign = {where: served for where, served in answers.items() if _is_foreign(env, served)}
    if foreign:
        raise _not_yours(
            env, "; ".join(f"{where} is answered by {served}" for where, served in foreign.items())
        )
    return answers


def _claims(env: OpenEnvironment) -> list[Claim]:
    return claims_of(env.stack, env.name, env.config.shares_names_with)


def _is_foreign(env: OpenEnvironment, served: Served | None) -> bool:
    """A path that is claimed anew is answered until then by who has the paths above it."""
    if served is None or served.stack in env.config.shares_names_with:
        return False
    return (served.stack, served.environment) != (env.stack.name, env.name)


def _not_yours(env: OpenEnvironment, came_back: str) -> StackFileError:
    return StackFileError(
        f"looking whose the host names of {env.stack.name} {env.name} are", came_back, WHAT_TO_DO
    )

"""Doors: which host names the edge takes, and for whom. A name has one owner, which is one environment of one stack.

Host names are compared as the web compares them: case and a dot at the end make no other name. A path makes no other door
yet: a route takes all paths of its names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tidegate.edge.facts import Route
from tidegate.stack.file import Stack


@dataclass(frozen=True)
class Door:
    """A host name that somebody claims: in a stack file, or at the edge, which takes it already."""

    host: str
    stack: str
    environment: str
    claimed_by: Literal["stack file", "route"]

    @property
    def owner(self) -> tuple[str, str]:
        return self.stack, self.environment

    def __str__(self) -> str:
        return f"{self.host} belongs to {self.stack} {self.environment} (its {self.claimed_by})"


def host_name(domain: str) -> str:
    """The one form of a host name."""
    return domain.lower().removesuffix(".")


def doors_of_stacks(stacks: Iterable[Stack]) -> list[Door]:
    return [Door(host_name(domain), stack.name, name, "stack file")
            for stack in stacks for name, environment in stack.environments.items() for domain in environment.domains]


def doors_of_routes(routes: Iterable[Route]) -> list[Door]:
    return [Door(host_name(domain), route.stack, route.environment, "route") for route in routes for domain in route.domains]


def taken_doors(stack: str, environment: str, domains: Sequence[str], doors: Sequence[Door]) -> list[Door]:
    """Those of `doors` that keep `domains` from this environment of this stack; none where it may have them.

    The edge's word comes first: who is served under a name keeps it, whatever another stack file says. Where the edge
    knows no owner, a second file that claims the name makes it nobody's.
    """
    mine, wanted = (stack, environment), {host_name(domain) for domain in domains}
    held = {door.host for door in doors if door.claimed_by == "route" and door.owner == mine}
    others = [door for door in doors if door.owner != mine and door.host in wanted - held]
    routed = {door.host for door in others if door.claimed_by == "route"}
    return [door for door in others if door.claimed_by == "route" or door.host not in routed]


def shared_doors(doors: Sequence[Door]) -> Iterator[str]:
    """One sentence for each host name that has more than one owner."""
    for host in sorted({door.host for door in doors}):
        owners = sorted({f"{door.stack} {door.environment}" for door in doors if door.host == host})
        if len(owners) > 1:
            yield f"{host} is claimed by {', '.join(owners)}"

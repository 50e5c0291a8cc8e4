"""Whose a host name is. A name has one owner, which is one environment of one stack, with all paths
below it: a stack cannot take `/login` of another one's name. Inside a stack, a name and path have
one route (`tidegate.stack.routes`).

A wildcard is all the names it covers: who has `*.erp.example` has `demo.erp.example`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tidegate.edge.facts import Route
from tidegate.edge.hosts import host_name, is_wildcard, meet
from tidegate.stack.file import Stack


@dataclass(frozen=True)
class Claim:
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


def doors_of_stacks(stacks: Iterable[Stack]) -> list[Claim]:
    return [
        Claim(host_name(domain), stack.name, name, "stack file")
        for stack in stacks
        for name, environment in stack.environments.items()
        for domain in environment.hosts
    ]


def doors_of_routes(routes: Iterable[Route]) -> list[Claim]:
    return [
        Claim(host_name(domain), route.stack, route.environment, "route")
        for route in routes
        for domain in route.domains
    ]


def taken_doors(
    stack: str, environment: str, domains: Sequence[str], doors: Sequence[Claim]
) -> list[Claim]:
    """Those of `doors` that keep `domains` from this environment of this stack; none where it may
    have them.

    The edge's word comes first: who is served under a name keeps it, whatever another stack file
    says. Where the edge knows no owner, a second file that claims the name makes it nobody's.
    """
    mine, wanted = (stack, environment), {host_name(domain) for domain in domains}
    held = {door.host for door in doors if door.claimed_by == "route" and door.owner == mine}
    new = {host for host in wanted - held if is_wildcard(host) or not _meets_any(host, held)}
    others = [door for door in doors if door.owner != mine and _meets_any(door.host, new)]
    routed = {door.host for door in others if door.claimed_by == "route"}
    return [
        door for door in others if door.claimed_by == "route" or not _meets_any(door.host, routed)
    ]


def shared_doors(doors: Sequence[Claim]) -> Iterator[str]:
    """One sentence for each host name that has more than one owner."""
    for host in sorted({door.host for door in doors}):
        owners = sorted(
            {f"{door.stack} {door.environment}" for door in doors if meet(door.host, host)}
        )
        if len(owners) > 1:
            yield f"{host} is claimed by {', '.join(owners)}"


def _meets_any(host: str, others: Iterable[str]) -> bool:
    return any(meet(host, other) for other in others)

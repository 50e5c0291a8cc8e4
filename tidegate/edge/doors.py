"""Whose a host name is, and whose its paths.

A name has one owner, which is one environment of one stack, with all paths below it: a stack cannot
take `/login` of another one's name. Where two stacks name each other under `shares_names_with`,
each of them owns its own paths at a name that both have, and the longest path counts. Inside a
stack, a name and path have one route (`tidegate.stack.routes`).

A wildcard is all the names it covers, and is never shared: who has `*.erp.example` has
`demo.erp.example`. A name on a network of the engine has one owner on that engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tidegate.edge.facts import DoorPlace, Route
from tidegate.edge.hosts import are_one_property, host_name, is_forwarded, is_wildcard, shown_host
from tidegate.stack.file import Stack
from tidegate.stack.routes import places_of, taken_hosts

WHAT_TO_DO = (
    "Choose another name or path, or take it out of the other stack and release that. "
    "Two stacks share a host name where each names the other under `shares_names_with`"
)
_EVERYTHING = "/"


@dataclass(frozen=True)
class Claim:
    """A path of a host name that somebody claims: in a stack file, or at the edge, which takes it
    already."""

    host: str
    path: str
    stack: str
    environment: str
    claimed_by: Literal["stack file", "route"]
    shares_with: tuple[str, ...] = ()
    """Stacks that may have other paths there. None: the path is `/`, and the name is its own."""
    engine: str = ""
    """The block of the host on whose network a name is; empty for a name of all hosts, and for a
    route, which is at an edge of one host."""

    @property
    def owner(self) -> tuple[str, str]:
        return self.stack, self.environment

    @property
    def place(self) -> DoorPlace:
        return DoorPlace(self.host, self.path)

    def agrees_with(self, other: Claim) -> bool:
        """Whether both say that the other one may have paths at their names."""
        return other.stack in self.shares_with and self.stack in other.shares_with

    def __str__(self) -> str:
        what, source = shown_host(self.host), f"its {self.claimed_by}"
        if self.shares_with and not is_forwarded(self.host):
            what = str(self.place)
            source += f"; it shares {self.host} with {', '.join(self.shares_with)}"
        return f"{what} belongs to {self.stack} {self.environment} ({source})"


def claims_of(stack: Stack, environment: str, shares_with: Sequence[str]) -> list[Claim]:
    """What an environment claims by its stack file, when it shares its names with these stacks."""
    own = stack.environments[environment]
    places = (
        places_of(stack.services, stack.routes, own)
        if shares_with
        else [DoorPlace(host, _EVERYTHING) for host in taken_hosts(stack.services, own)]
    )
    return [
        Claim(
            host_name(host),
            path,
            stack.name,
            environment,
            "stack file",
            tuple(shares_with),
            own.host if is_forwarded(host) else "",
        )
        for host, path in places
    ]


def claims_of_route(route: Route) -> list[Claim]:
    places, shares_with = (
        (route.sharing.places, route.sharing.stacks)
        if route.sharing
        else ([DoorPlace(host, _EVERYTHING) for host in route.domains], ())
    )
    return [
        Claim(host_name(host), path, route.stack, route.environment, "route", shares_with)
        for host, path in places
    ]


def doors_of_stacks(stacks: Iterable[Stack]) -> list[Claim]:
    return [
        claim
        for stack in stacks
        for name, environment in stack.environments.items()
        for claim in claims_of(stack, name, environment.shares_names_with)
    ]


def doors_of_routes(routes: Iterable[Route]) -> list[Claim]:
    return [claim for route in routes for claim in claims_of_route(route)]


def taken_doors(wanted: Sequence[Claim], doors: Sequence[Claim]) -> list[Claim]:
    """Those of `doors` that keep an environment from what it wants; none where it may have all of
    it.

    The edge's word comes first: who is served somewhere keeps it, whatever another stack file says.
    Where the edge knows no owner, a second file that claims the same makes it nobody's.
    """
    found = [door for door in doors if any(_keeps_out(door, one, wanted, doors) for one in wanted)]
    routed = {door.host for door in found if door.claimed_by == "route"}
    return [
        door for door in found if door.claimed_by == "route" or not _meets_any(door.host, routed)
    ]


def left_of(wanted: Sequence[Claim], doors: Sequence[Claim]) -> list[Claim]:
    """What an environment may have of what it wants, because none of `doors` keeps it from that."""
    return [
        one for one in wanted if not any(_keeps_out(door, one, wanted, doors) for door in doors)
    ]


def shared_doors(doors: Sequence[Claim]) -> Iterator[str]:
    """One sentence for each host name that more than one owner claims without the other's word."""
    contested = [one for one in doors if any(_collide(one, other, doors) for other in doors)]
    shown = {shown_host(one.host): one.host for one in contested}
    for what, host in sorted(shown.items()):
        owners = sorted(
            {
                f"{one.stack} {one.environment}"
                for one in contested
                if are_one_property(one.host, host)
            }
        )
        yield f"{what} is claimed by {', '.join(owners)}"


def _keeps_out(door: Claim, wanted: Claim, own: Sequence[Claim], doors: Sequence[Claim]) -> bool:
    if not _meet(door, wanted):
        return False
    if not _collide(door, wanted, [*own, *(one for one in doors if one.owner != wanted.owner)]):
        return False
    mine = [one for one in doors if one.claimed_by == "route" and one.owner == wanted.owner]
    held = [one for one in mine if _is_at(one.host, wanted.host)]
    is_held = any(one.path == wanted.path for one in held)
    if door.claimed_by == "route":
        return not (is_held and door.path == wanted.path)
    return not is_held if door.agrees_with(wanted) else not held


def _collide(one: Claim, other: Claim, claims: Sequence[Claim]) -> bool:
    """Whether two owners want the same path of a name, or one of them a path of a name that the
    other has for itself."""
    if not _meet(one, other):
        return False
    if one.host != other.host:
        return not (_is_named_too(one, other, claims) or _is_named_too(other, one, claims))
    is_shared = one.stack != other.stack and one.agrees_with(other) and not is_wildcard(one.host)
    return one.path == other.path or not is_shared


def _meet(one: Claim, other: Claim) -> bool:
    is_one_engine = "" in (one.engine, other.engine) or one.engine == other.engine
    return one.owner != other.owner and is_one_engine and are_one_property(one.host, other.host)


def _is_named_too(wildcard: Claim, name: Claim, claims: Sequence[Claim]) -> bool:
    """Whether the owner of a wildcard claims this whole name by itself as well: then that claim
    counts there, and not the wildcard's."""
    return is_wildcard(wildcard.host) and any(
        (one.host, one.owner, one.claimed_by) == (name.host, wildcard.owner, wildcard.claimed_by)
        for one in claims
    )


def _is_at(held: str, host: str) -> bool:
    """Whether who is served at `held` is served at `host`."""
    return held == host or (not is_wildcard(host) and are_one_property(held, host))


def _meets_any(host: str, others: Iterable[str]) -> bool:
    return any(are_one_property(host, other) for other in others)

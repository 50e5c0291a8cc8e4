"""Which door a request goes through, and what is asked to see that each door works.

An exact host name counts before a wildcard, then the longest path: the same order that the edge is
told by priorities.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tidegate.edge.facts import Door, DoorPlace, Route, Target
from tidegate.edge.hosts import host_name, is_wildcard, meet, whole_names
from tidegate.edge.paths import is_below
from tidegate.edge.probing import Question
from tidegate.stack.environments import Environment
from tidegate.stack.file import Stack
from tidegate.stack.routes import Known, Routed, hosts_of, known, routed
from tidegate.stack.slot import edge_alias


class Back(NamedTuple):
    """One address of a slot, and how it is asked. Several doors may lead to it."""

    url: str
    ready_path: str
    sticky: bool


def slot_url(project: str, service: str, port: int) -> str:
    return f"http://{edge_alias(project, service)}:{port}"


def doors_of_slot(stack: Stack, environment: Environment, project: str) -> tuple[Door, ...]:
    """What the edge is told of a slot whose stack file has `routes`, shares its names or is called
    by other stacks, the main door first; nothing of another one."""
    if not (stack.routes or environment.shares_names_with or environment.callings):
        return ()
    return (
        *(_door(one, environment, project) for one in routed(stack.services, stack.routes)),
        *(_known_door(one, project) for one in known(stack.services, environment)),
    )


def back_of(door: Door) -> Back:
    return Back(door.url, door.ready_path, door.sticky)


def backs_of(target: Target) -> list[Back]:
    """The addresses behind a target's doors, in their order: their places are part of the names
    that the edge is told."""
    return list(dict.fromkeys(map(back_of, target.doors)))


def host_of(target: Target, back: Back) -> str | None:
    """A whole host name by which people come to this address; None where only wildcards lead to
    it."""
    return next(
        (
            host
            for door in target.doors
            if back_of(door) == back
            for host in whole_names(door.hosts)
        ),
        None,
    )


def door_to(doors: Iterable[Door], host: str, path: str) -> Door | None:
    """The door through which a request goes; None where no door takes it."""
    fitting = [
        door
        for door in doors
        if any(meet(own, host) for own in door.hosts) and is_below(path, door.path)
    ]
    return max(
        fitting,
        key=lambda door: (host_name(host) in map(host_name, door.hosts), len(door.path)),
        default=None,
    )


def is_alike(one: Target, other: Target) -> bool:
    """Whether two versions have the same doors, so that one may stand for the other."""
    return _shape(one) == _shape(other)


def opened(target: Target, hosts: Iterable[str], ready_path: str) -> Target:
    """The target with a door for all paths of these host names, where it has no doors: so it can be
    behind a name that is shared."""
    if target.doors:
        return target
    return replace(target, doors=(Door(tuple(hosts), "/", target.url, ready_path),))


def within(target: Target, places: Collection[DoorPlace]) -> Target:
    """The target with doors at these places only. One without doors has all paths of its names."""
    kept = (
        replace(door, hosts=tuple(host for host in door.hosts if (host, door.path) in places))
        for door in target.doors
    )
    doors = tuple(door for door in kept if door.hosts)
    return replace(target, doors=doors, url=doors[0].url) if doors else target


def places_at(targets: Iterable[Target | None]) -> list[DoorPlace]:
    """Where the targets have doors, each place once."""
    return list(
        dict.fromkeys(
            DoorPlace(host, door.path)
            for one in targets
            if one
            for door in one.doors
            for host in door.hosts
        )
    )


def hosts_of_places(places: Iterable[DoorPlace]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place.host for place in places))


def slots_served(route: Route) -> list[tuple[int, str, int]]:
    """To which slots people are sent, by whatever doors: deployment, main address, weight."""
    return [(one.deployment, one.url, one.weight) for one in route.targets]


def open_places(route: Route) -> list[DoorPlace]:
    """Where a route takes visitors now, be it that nobody serves them."""
    if route.targets and route.targets[0].doors:
        return places_at(route.targets[:1])
    if route.sharing:
        return list(route.sharing.places) if route.sharing.begun else []
    return [DoorPlace(host, "/") for host in route.domains]


def route_to(routes: Iterable[Route], host: str, path: str) -> Route | None:
    """The route that takes such a request; None where none does."""
    found = [
        (host_name(host) == host_name(place.host), len(place.path), route)
        for route in routes
        for place in open_places(route)
        if meet(place.host, host) and is_below(path, place.path)
    ]
    return max(found, key=lambda one: one[:2])[2] if found else None


def beside(route: Route, routes: Iterable[Route]) -> tuple[Door, ...]:
    """The doors of other stacks, some of which may be at the names that the route shares."""
    return tuple(
        door
        for one in routes
        if (one.stack, one.environment) != (route.stack, route.environment)
        for target in one.targets[:1]
        for door in target.doors
    )


def questions(route: Route, others: Sequence[Door] = ()) -> list[Question]:
    """What is asked of whoever serves: a question for each door that can be reached by a whole
    name, at least one in all. `others` are doors `beside` those of the route."""
    found = door_questions(route.targets[0], others) if route.targets else []
    if found:
        return found
    if route.sharing:
        places = route.sharing.places
        whole = next((one for one in places if not is_wildcard(one.host)), places[0])
        return [Question(*whole, is_ready_path=False)]
    name = (whole_names(route.domains) or list(route.domains))[0]
    return [Question(name, route.ready_path, is_ready_path=True)]


def door_questions(target: Target, others: Sequence[Door] = ()) -> list[Question]:
    """Nothing where it has no doors: then one service has all paths."""
    doors = [*target.doors, *others]
    return [_question(doors, door) for door in target.doors if whole_names(door.hosts)]


def own_questions(route: Route, slot: Target) -> list[tuple[int | None, Question]]:
    """For each address of a slot its place and its ready path; one without a place where the slot
    has no doors."""
    host = questions(replace(route, targets=(slot,)))[0].host
    own = [
        (place, Question(host, back.ready_path, is_ready_path=True))
        for place, back in enumerate(backs_of(slot))
    ]
    return [*own] or [(None, Question(host, route.ready_path, is_ready_path=True))]


def question_at(route: Route, host: str, path: str, others: Sequence[Door] = ()) -> Question:
    """What is asked of a route by somebody who comes there."""
    doors = route.targets[0].doors if route.targets else ()
    if door := door_to(doors, host, path):
        return _question([*doors, *others], replace(door, hosts=(host,)))
    if route.sharing:
        return Question(host, path, is_ready_path=False)
    return Question(host, route.ready_path, is_ready_path=True)


def _question(doors: Sequence[Door], door: Door) -> Question:
    """Its ready path, unless that leads through another door: then its own path."""
    host = whole_names(door.hosts)[0]
    led = door_to(doors, host, door.ready_path)
    is_led_there = led is not None and (led.path, led.url) == (door.path, door.url)
    return Question(
        host, door.ready_path if is_led_there else door.path, is_ready_path=is_led_there
    )


def _door(one: Routed, environment: Environment, project: str) -> Door:
    return Door(
        hosts_of(environment, one.domains_of),
        one.path,
        slot_url(project, one.service.name, one.port),
        one.ready_path,
        one.sticky,
    )


def _known_door(one: Known, project: str) -> Door:
    url = slot_url(project, one.service.name, one.port)
    return Door((one.host,), "/", url, one.ready_path)


def _shape(target: Target) -> list[tuple[object, ...]]:
    backs = backs_of(target)
    return [
        (door.hosts, door.path, door.ready_path, door.sticky, backs.index(back_of(door)))
        for door in target.doors
    ]

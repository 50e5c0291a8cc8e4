"""Which door a request goes through, and what is asked to see that each door works.

An exact host name counts before a wildcard, then the longest path: the same order that the edge is
told by priorities.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tidegate.edge.facts import Door, Route, Target
from tidegate.edge.hosts import host_name, meet, whole_names
from tidegate.edge.probing import Question
from tidegate.stack.environments import Environment
from tidegate.stack.file import Stack
from tidegate.stack.routes import Routed, hosts_of, routed
from tidegate.stack.slot import edge_alias


class Back(NamedTuple):
    """One address of a slot, and how it is asked. Several doors may lead to it."""

    url: str
    ready_path: str
    sticky: bool


def slot_url(project: str, service: str, port: int) -> str:
    return f"http://{edge_alias(project, service)}:{port}"


def doors_of_slot(stack: Stack, environment: Environment, project: str) -> tuple[Door, ...]:
    """What the edge is told of a slot whose stack file has `routes`, the main door first; nothing
    of another one."""
    return (
        tuple(_door(one, environment, project) for one in routed(stack.services, stack.routes))
        if stack.routes
        else ()
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
    plain = path.partition("?")[0]
    fitting = [
        door
        for door in doors
        if any(meet(own, host) for own in door.hosts) and _is_below(plain, door.path)
    ]
    return max(
        fitting,
        key=lambda door: (host_name(host) in map(host_name, door.hosts), len(door.path)),
        default=None,
    )


def is_alike(one: Target, other: Target) -> bool:
    """Whether two versions have the same doors, so that one may stand for the other."""
    return _shape(one) == _shape(other)


def within(target: Target, hosts: Collection[str]) -> Target:
    """The target with doors at these host names only. One without doors has them all."""
    kept = (
        replace(door, hosts=tuple(host for host in door.hosts if host in hosts))
        for door in target.doors
    )
    doors = tuple(door for door in kept if door.hosts)
    return replace(target, doors=doors, url=doors[0].url) if doors else target


def hosts_at(targets: Iterable[Target | None]) -> list[str]:
    """Host names of the targets' doors, each once."""
    return list(
        dict.fromkeys(host for one in targets if one for door in one.doors for host in door.hosts)
    )


def questions(route: Route) -> list[Question]:
    """What is asked of whoever serves: a question for each door that can be reached by a whole
    name, at least one in all."""
    found = door_questions(route.targets[0]) if route.targets else []
    return found or [
        Question(
            (whole_names(route.domains) or list(route.domains))[0],
            route.ready_path,
            is_ready_path=True,
        )
    ]


def door_questions(target: Target) -> list[Question]:
    """Nothing where it has no doors: then one service has all paths."""
    return [_question(target.doors, door) for door in target.doors if whole_names(door.hosts)]


def question_at(route: Route, host: str) -> Question:
    """What is asked of a route by somebody who comes by this host name."""
    doors = route.targets[0].doors if route.targets else ()
    main = door_to(doors, host, "/")
    return (
        _question(doors, replace(main, hosts=(host,)))
        if main
        else Question(host, route.ready_path, is_ready_path=True)
    )


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


def _shape(target: Target) -> list[tuple[object, ...]]:
    backs = backs_of(target)
    return [
        (door.hosts, door.path, door.ready_path, door.sticky, backs.index(back_of(door)))
        for door in target.doors
    ]


def _is_below(path: str, of: str) -> bool:
    return of == "/" or path == of or path.startswith(f"{of}/")

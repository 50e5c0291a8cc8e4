"""What is wrong with a route before it is written: it contradicts itself, or holds what could mean
more in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.edge.facts import Door, Route, Sharing, Target
from tidegate.edge.routing import is_alike, places_at

WHOLE = 100
"""The weight of who serves alone."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_URL = re.compile(r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)(\*\.(?=.*\.))?({_LABEL}\.)*{_LABEL}")
_ON_NETWORK = re.compile(
    r"[a-z0-9][a-z0-9_-]{0,62}\.[0-9]{1,5}\.[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\._network"
)
_OF_HOST = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3}){0,4}\._port")
# No brace among them: Traefik runs a file's `{{ ... }}` as a template, with all variables of its
# environment.
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/?%-]{0,1023}")
# Traefik decodes what was asked and drops `.` and `..` before it compares: such a path never fits.
_DOOR_PATH = re.compile(r"/|(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
_MOST_PATH = 1000


def faults_of(route: Route) -> list[str]:
    return [*_unsafe(route), *_faults(route)]


def slots_of(route: Route) -> list[Target]:
    """Who serves, stands by and is offered."""
    return [slot for slot in (*route.targets, route.standby, route.candidate) if slot]


def _unsafe(route: Route) -> Iterator[str]:
    """Values that could mean more in the file than they are."""
    named = (("stack", route.stack), ("environment", route.environment))
    yield from (
        f"the {what} {value!r} is no name" for what, value in named if not _is(_NAME, value)
    )
    yield from (f"{domain!r} is no host name" for domain in route.domains if not _is_host(domain))
    if not _is(_PATH, route.ready_path):
        yield f"the ready path {route.ready_path!r} is no path of a URL"
    for slot in slots_of(route):
        if not _is(_URL, slot.url):
            yield f"{slot.url!r} is no address"
        yield from (
            f"{value!r} is no number"
            for value in (slot.deployment, slot.weight)
            if type(value) is not int
        )
        for door in slot.doors:
            yield from _unsafe_door(door)
    for stack in route.sharing.stacks if route.sharing else ():
        if not _is(_NAME, stack):
            yield f"the stack {stack!r} is no name"
    for place in route.sharing.places if route.sharing else ():
        if not _is_door_path(place.path):
            yield f"the path {place.path!r} is none of a door"
    if type(route.fence) is not int or route.fence < 0:
        yield f"the fence {route.fence!r} is no number"


def _unsafe_door(door: Door) -> Iterator[str]:
    yield from (f"{host!r} is no host name" for host in door.hosts if not _is_host(host))
    if not _is_door_path(door.path):
        yield f"the path {door.path!r} is none of a door"
    if not _is(_PATH, door.ready_path):
        yield f"the ready path {door.ready_path!r} is no path of a URL"
    if not _is(_URL, door.url):
        yield f"{door.url!r} is no address"
    if type(door.sticky) is not bool:
        yield f"{door.sticky!r} is neither true nor false"


def _is_host(host: object) -> bool:
    return any(_is(form, host) for form in (_DOMAIN, _ON_NETWORK, _OF_HOST))


def _is_door_path(path: object) -> bool:
    return _is(_DOOR_PATH, path) and len(str(path)) <= _MOST_PATH


def _is(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _faults(route: Route) -> Iterator[str]:
    slots = slots_of(route)
    if len({slot.deployment for slot in slots}) < len(slots):
        yield "one deployment has two parts in it"
    if not route.domains:
        yield "it has no domain"
    if route.standby and not route.targets:
        yield "a standby without a serving target"
    yield from (
        f"deployment {slot.deployment} has a weight and serves no one"
        for slot in slots
        if slot.weight != WHOLE and slot not in route.targets
    )
    alike = [slot for slot in (*route.targets, route.standby) if slot]
    yield from (
        f"deployment {slot.deployment} has other doors than deployment {alike[0].deployment}"
        for slot in alike
        if not is_alike(slot, alike[0])
    )
    for slot in slots:
        yield from _door_faults(slot, route)
    if route.sharing:
        yield from _sharing_faults(route, route.sharing)


def _door_faults(slot: Target, route: Route) -> Iterator[str]:
    whose = f"deployment {slot.deployment}"
    if slot.doors and slot.url != slot.doors[0].url:
        yield f"{whose} has another address than its first door"
    seen = set[tuple[str, str]]()
    for door in slot.doors:
        if not door.hosts:
            yield f"{whose} has a door without a host name"
        for host in door.hosts:
            if host not in route.domains:
                yield f"{whose} has a door at {host}, which is no domain of the route"
            if (host, door.path) in seen:
                yield f"{whose} has two doors at {host}{door.path}"
            seen.add((host, door.path))


def _sharing_faults(route: Route, sharing: Sharing) -> Iterator[str]:
    """A path that is not its own would be taken from another stack."""
    if not sharing.begun and route.targets:
        yield "it serves, and has not begun to"
    if not sharing.stacks or route.stack in sharing.stacks:
        yield "it shares its names with nobody, or with itself"
    if {place.host for place in sharing.places} != {*route.domains}:
        yield "the places that it shares are not at its domains"
    for slot in slots_of(route):
        if not slot.doors:
            yield f"deployment {slot.deployment} has no doors, at names that are shared"
        yield from (
            f"deployment {slot.deployment} has a door at {place}, which is not the route's own"
            for place in places_at([slot])
            if place not in sharing.places
        )

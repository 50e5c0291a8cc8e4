"""Names by which containers of other stacks call a service, among the doors of a target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from tidegate.edge.facts import Door, KnownName, Route, Target
from tidegate.edge.hosts import is_on_network, on_network


class Called(NamedTuple):
    """A door at a name on a network."""

    host: str
    """As the edge is told of it."""
    number: int
    """Of the door among those of its target."""
    asked: str
    """The `Host` of who calls it: `ocr:8080`."""


def known_names(target: Target) -> list[KnownName]:
    """By which other stacks call this target."""
    return [
        KnownName(*on_network(host), _port(door), door.ready_path)
        for door in target.doors
        for host in door.hosts
        if is_on_network(host)
    ]


def called(route: Route) -> Iterator[Called]:
    """The application sees the name that was asked for, and not how the edge is told of it."""
    for number, door in enumerate(route.targets[0].doors if route.targets else ()):
        for host in filter(is_on_network, door.hosts):
            name, port = on_network(host)[0], _port(door)
            yield Called(host, number, name if port == 80 else f"{name}:{port}")


def _port(door: Door) -> int:
    return urlsplit(door.url).port or 80

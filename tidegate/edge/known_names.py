"""Names and ports of the host by which others of the server call a service, among the doors of a
target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tidegate.edge.facts import CalledBy, HostPort, KnownName, Route, Target
from tidegate.edge.hosts import is_forwarded, is_of_host, of_host, on_network


class Called(NamedTuple):
    """A door that a forwarder stands before."""

    host: str
    """As the edge is told of it."""
    number: int
    """Of the door among those of its target."""
    asked: str
    """What the application sees as `Host`: `ocr:8080`."""


def known_names(target: Target) -> list[CalledBy]:
    """By which others call this target."""
    return [
        called_by(host, door.ready_path)
        for door in target.doors
        for host in door.hosts
        if is_forwarded(host)
    ]


def called(route: Route) -> Iterator[Called]:
    """The application sees the name that was asked for, and not how the edge is told of it."""
    for number, door in enumerate(route.targets[0].doors if route.targets else ()):
        for host in filter(is_forwarded, door.hosts):
            yield Called(host, number, called_by(host, door.ready_path).asked)


def called_by(host: str, ready_path: str) -> CalledBy:
    """What the edge was told of as `host`."""
    if is_of_host(host):
        return HostPort(*of_host(host), ready_path)
    return KnownName(*on_network(host), ready_path)

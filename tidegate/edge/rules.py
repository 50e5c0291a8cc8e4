"""How Traefik (v3) is told which requests a router takes, and which of two routers goes first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tidegate.edge.facts import DoorPlace
from tidegate.edge.hosts import below, is_forwarded, is_wildcard, whole_names

BEFORE_ALL = 1000
"""Of a router. Otherwise the length of its rule decides, and a slot's `/ping` or `/api` could be
the edge's."""
_WHOLE_NAME = 2000
"""More than that of the longest path: a whole name goes before a wildcard that covers it."""
_PATH = re.compile(r"Path\(`([^`]+)`\)")
_HOST = re.compile(r"Host\(`([^`]+)`\)|HostRegexp\(`\^\[a-z0-9-\]\+((?:\\\.[a-z0-9-]+)+)\$`\)")


class Rule(NamedTuple):
    """A part of a door that becomes a router."""

    name: str
    """What its router's name ends in, after that of the door; empty for whole names."""
    text: str
    priority: int
    host: str = ""
    """The one that a forwarder stands before, where it is such a one: only that may come by it."""


def host_rule(hosts: Sequence[str]) -> str:
    return " || ".join(map(_one_host, hosts))


def door_rules(hosts: Sequence[str], path: str) -> Iterator[Rule]:
    """Whole names and wildcards apart, because their order among other doors differs; those of
    forwarders one by one, because each is answered under its own name. The longest path goes first,
    whoever wrote the route."""
    whole, any_below = whole_names(hosts), [host for host in hosts if is_wildcard(host)]
    for name, own, first in (("", whole, _WHOLE_NAME), ("_any", any_below, 0)):
        if own:
            yield Rule(name, _with_path(host_rule(own), path), BEFORE_ALL + first + len(path))
    for number, host in enumerate(filter(is_forwarded, hosts)):
        text, priority = _with_path(host_rule([host]), path), BEFORE_ALL + _WHOLE_NAME + len(path)
        yield Rule(f"_network_{number}", text, priority, host)


def hosts_in(rule: str) -> list[str]:
    """The host names of a rule that was made here."""
    return [whole or "*" + regexp.replace("\\", "") for whole, regexp in _HOST.findall(rule)]


def places_in(rule: str) -> list[DoorPlace]:
    """The same with the path of the rule."""
    path = _PATH.search(rule)
    return [DoorPlace(host, path[1] if path else "/") for host in hosts_in(rule)]


def _one_host(host: str) -> str:
    dotted = below(host).replace(".", r"\.")
    return rf"HostRegexp(`^[a-z0-9-]+\.{dotted}$`)" if is_wildcard(host) else f"Host(`{host}`)"


def _with_path(hosts: str, path: str) -> str:
    return hosts if path == "/" else f"({hosts}) && (Path(`{path}`) || PathPrefix(`{path}/`))"

"""A route, read back from the file that `routes` has written for Traefik."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from tidegate.edge.facts import Door, Route, Target
from tidegate.edge.route_faults import WHOLE
from tidegate.edge.rules import hosts_in
from tidegate.errors import EdgeError

# As `_head` of `routes` writes it.
_HEAD = re.compile(
    r"# written by Tidegate; do not edit: the next switch overwrites it\n"
    r"# stack: (?P<stack>[a-z][a-z0-9-]*)\n# environment: (?P<environment>[a-z][a-z0-9-]*)\n"
    r"# deployment: [0-9, none]+\n"
    # 0.1 wrote the path without quotes
    r"# fence: (?P<fence>[0-9]{1,18})\n# ready path: (?P<ready>.*)\n"
    r"(?P<https># https\n)?(?:# domains: (?P<domains>\[.*\])\n)?"
    r"(?P<doors>(?:# door of [0-9]{1,9}: \[.*\]\n)*)"
)
_DOOR = re.compile(r"# door of ([0-9]+): (.*)\n")


class Routes(NamedTuple):
    """All routes that can be read, and one sentence for each file that cannot."""

    good: list[Route]
    faulty: list[str]


@lru_cache(maxsize=256)
def read_route(text: str) -> Route:
    """The route that `traefik_config` wrote; the same text is read once, since a switch looks at
    all routes several times.

    Raises EdgeError when the text is not such a file.
    """
    try:
        return _route(text)
    except (
        yaml.YAMLError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise EdgeError(
            "reading a route file",
            f"it is not as Tidegate wrote it ({type(error).__name__})",
            "Remove the file and release again; nothing edits it but Tidegate",
        ) from None


def _route(text: str) -> Route:
    """The head's facts are read from its own lines alone: whatever stands below is no fact. Raises
    what YAML raises."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError("no head")
    content = yaml.safe_load(text[head.end() :])
    http, prefix = content["http"], f"{head['stack']}_{head['environment']}_"
    if foreign := [
        name for kind in http.values() for name in kind if not name.startswith(prefix)
    ] or content.keys() - {"http"}:
        raise ValueError(f"foreign parts {foreign}")
    return _route_of(head, http, prefix)


def _route_of(head: re.Match[str], http: dict[str, Any], prefix: str) -> Route:
    public, slots = http["routers"][f"{prefix}public"], _Slots(http["services"], _doors_in(head))
    failover = slots.services[public["service"]].get("failover", {})
    serving = slots.serving(failover.get("service", public["service"]))
    standby = slots.one(failover["fallback"]) if failover else None
    named = {target.deployment for target in (*serving, standby) if target}
    others = [slots.one(name) for name in http["routers"] if name.removeprefix(prefix).isdecimal()]
    candidates = [slot for slot in others if slot.deployment not in named]
    return Route(
        stack=head["stack"],
        environment=head["environment"],
        domains=_domains_in(head, http["routers"], public),
        targets=serving,
        standby=standby,
        candidate=candidates[0] if candidates else None,
        fence=int(head["fence"]),
        ready_path=json.loads(head["ready"]) if head["ready"].startswith('"') else head["ready"],
        https=head["https"] is not None,
    )


def _domains_in(
    head: re.Match[str], routers: dict[str, Any], public: dict[str, Any]
) -> tuple[str, ...]:
    """Raises ValueError where a router takes a host name that the head does not tell: it would have
    no owner."""
    domains = (
        tuple(json.loads(head["domains"])) if head["domains"] else tuple(hosts_in(public["rule"]))
    )
    if untold := {host for router in routers.values() for host in hosts_in(router["rule"])} - {
        *domains
    }:
        raise ValueError(f"untold hosts {untold}")
    return domains


def _doors_in(head: re.Match[str]) -> dict[int, tuple[Door, ...]]:
    doors: dict[int, tuple[Door, ...]] = {}
    for number, told in _DOOR.findall(head["doors"]):
        hosts, path, url, ready_path, sticky = json.loads(told)
        doors[int(number)] = (
            *doors.get(int(number), ()),
            Door(tuple(hosts), path, url, ready_path, sticky),
        )
    return doors


class _Slots(NamedTuple):
    """The targets of a file: their services, and their doors by number of deployment."""

    services: dict[str, Any]
    doors: dict[int, tuple[Door, ...]]

    def serving(self, name: str) -> tuple[Target, ...]:
        service = self.services[name]
        if "weighted" in service:
            return tuple(
                self.one(part["name"], part["weight"]) for part in service["weighted"]["services"]
            )
        return (self.one(name),) if service["loadBalancer"]["servers"] else ()

    def one(self, name: str, weight: int = WHOLE) -> Target:
        number = int(name.rpartition("_")[2])
        return Target(
            number,
            self.services[name]["loadBalancer"]["servers"][0]["url"],
            weight,
            self.doors.get(number, ()),
        )

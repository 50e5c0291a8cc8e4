"""A route, read back from the file that `routes` has written for Traefik."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from tidegate.edge.facts import Door, Route, Sharing, Target
from tidegate.edge.route_faults import WHOLE
from tidegate.edge.route_heads import doors_in, read_head, sharing_in
from tidegate.edge.rules import hosts_in, places_in
from tidegate.errors import EdgeError


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
    head = read_head(text)
    content = yaml.safe_load(text[head.end() :])
    http, prefix = content["http"], f"{head['stack']}_{head['environment']}_"
    if foreign := [
        name for kind in http.values() for name in kind if not name.startswith(prefix)
    ] or content.keys() - {"http"}:
        raise ValueError(f"foreign parts {foreign}")
    return _route_of(head, http, prefix)


def _route_of(head: re.Match[str], http: dict[str, Any], prefix: str) -> Route:
    slots, sharing = _Slots(http["services"], doors_in(head)), sharing_in(head)
    routers, main = http["routers"], f"{prefix}public"
    public = None if sharing and not sharing.begun else routers[main]
    serving, standby = slots.behind(public["service"]) if public else ((), None)
    _refuse_untold_places(routers, sharing)
    named = {target.deployment for target in (*serving, standby) if target}
    others = [slots.one(name) for name in routers if name.removeprefix(prefix).isdecimal()]
    candidates = [slot for slot in others if slot.deployment not in named]
    return Route(
        stack=head["stack"],
        environment=head["environment"],
        domains=_domains_in(head, routers, public or {}),
        targets=serving,
        standby=standby,
        candidate=candidates[0] if candidates else None,
        fence=int(head["fence"]),
        ready_path=json.loads(head["ready"]) if head["ready"].startswith('"') else head["ready"],
        https=head["https"] is not None,
        sharing=sharing,
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


def _refuse_untold_places(routers: dict[str, Any], sharing: Sharing | None) -> None:
    """Raises ValueError where a router takes a path of a shared name that the head does not
    tell."""
    taken = {place for router in routers.values() for place in places_in(router["rule"])}
    if sharing and (untold := taken - {*sharing.places}):
        raise ValueError(f"untold places {untold}")


class _Slots(NamedTuple):
    """The targets of a file: their services, and their doors by number of deployment."""

    services: dict[str, Any]
    doors: dict[int, tuple[Door, ...]]

    def behind(self, name: str) -> tuple[tuple[Target, ...], Target | None]:
        """Who serves, and who stands by, behind the service of a public router."""
        failover = self.services[name].get("failover", {})
        return (
            self.serving(failover.get("service", name)),
            self.one(failover["fallback"]) if failover else None,
        )

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

"""What Traefik reads for one stack in one environment: a `Route` as YAML for the file provider
(v3). `route_files` reads it back.

Names join their parts by `_`, which no stack's name holds: so no two stacks ever meet in a name.
All doors of a version are in one file, which is renamed into place: they switch together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tidegate.edge.facts import Door, Route, Served, Target
from tidegate.edge.headers import DEPLOYMENT_HEADER, SLOT_HEADER, headers_for
from tidegate.edge.hosts import is_forwarded, whole_names
from tidegate.edge.known_names import called
from tidegate.edge.retrying import retries
from tidegate.edge.route_faults import WHOLE, faults_of, slots_of
from tidegate.edge.route_heads import head_of
from tidegate.edge.routing import Back, back_of, backs_of, open_places
from tidegate.edge.rules import BEFORE_ALL, Rule, door_rules, host_rule
from tidegate.errors import EdgeError

PUBLIC_ENTRY_POINT = "web"
CHECK_ENTRY_POINT = "check"
FORWARDERS_ONLY = "edge-forwarders"
"""The middleware of the edge's own file that lets nobody by but its forwarders."""
_CLOSED = {"customResponseHeaders": {"Retry-After": "30", "Cache-Control": "no-store"}}
"""Of the 503 while nobody serves: browsers and robots come back, and keep nothing of it."""


def service_name(stack: str, environment: str, number: int) -> str:
    """The name of one slot's Traefik service, as its metrics show it before `@file`. Further ones
    end in `_1`, `_2`, ..."""
    return f"{stack}_{environment}_{number}"


def traefik_config(route: Route, *, closing: bool = False) -> str:
    """The file's whole text. Raises EdgeError when the route contradicts itself, or holds what no
    route may hold.

    `closing` lets each answer end its connection, so that clients come back by a new one, while an
    edge is replaced. It trusts nobody who made the route: whatever reaches a rule, a name or a
    comment is of a form that cannot leave it.
    """
    if faults := faults_of(route):
        raise EdgeError(
            f"writing the route of {route.stack!r} {route.environment!r}",
            "; ".join(faults),
            "Correct what stack.yaml says about it",
        )
    return head_of(route) + yaml.safe_dump(
        {"http": _http(route, closing)}, sort_keys=False, width=200
    )


def _http(route: Route, closing: bool) -> dict[str, Any]:
    slots = [
        (slot, place, back)
        for slot in slots_of(route)
        for place, back in enumerate(_backs(route, slot))
    ]
    return {
        "routers": {
            **_public_routers(route),
            **{
                name: router
                for slot, place, _ in slots
                for name, router in _check_routers(route, slot, place)
            },
        },
        "middlewares": {
            **{_name(route, name): {"retry": told} for name, told in retries(route).items()},
            **({} if route.targets else {_name(route, "closed"): {"headers": _CLOSED}}),
            **{
                _name(route, "called", one.number): {
                    "headers": {"customRequestHeaders": {"Host": one.asked}}
                }
                for one in called(route)
            },
            **{
                _slot_name(route, slot): _served_header(route, slot, closing)
                for slot, _, _ in slots
            },
        },
        "services": {
            **{
                _slot_name(route, slot, place): _slot_service(route, slot, place, back)
                for slot, place, back in slots
            },
            **_shared_services(route),
        },
    }


def _backs(route: Route, slot: Target) -> list[Back]:
    return backs_of(slot) or [Back(slot.url, route.ready_path, sticky=False)]


def _public_routers(route: Route) -> dict[str, Any]:
    has_doors = bool(_serving_doors(route)) or any(map(is_forwarded, route.domains))
    if not route.sharing and not has_doors:
        return {
            _name(route, "public"): _public_router(route, 0, {"rule": host_rule(route.domains)})
        }
    return {
        _name(route, "public", number) + rule.name: _public_router(
            route, place, {"rule": rule.text, "priority": rule.priority}, rule.host
        )
        for number, (rules, place) in enumerate(_public_rules(route))
        for rule in rules
    }


def _public_rules(route: Route) -> Iterator[tuple[Iterator[Rule], int]]:
    """What each door takes, and the place of the address that it leads to; where nobody serves, of
    all places that are the route's own."""
    if doors := _serving_doors(route):
        backs = backs_of(route.targets[0])
        yield from (
            (door_rules(door.hosts, door.path), backs.index(back_of(door))) for door in doors
        )
        return
    places = open_places(route)
    for path in dict.fromkeys(place.path for place in places):
        yield door_rules([place.host for place in places if place.path == path], path), 0


def _serving_doors(route: Route) -> tuple[Door, ...]:
    return route.targets[0].doors if route.targets else ()


def _public_router(
    route: Route, place: int, rule: dict[str, Any], forwarded: str = ""
) -> dict[str, Any]:
    service = (
        _name(route, "public", place)
        if _public_service(route, place)
        else _slot_name(route, route.targets[0], place)
    )
    return {
        "entryPoints": [PUBLIC_ENTRY_POINT],
        **rule,
        "service": service,
        "middlewares": [
            *([f"{FORWARDERS_ONLY}@file"] if forwarded else []),
            *(_name(route, "called", one.number) for one in called(route) if one.host == forwarded),
            *(_name(route, one) for one in (retries(route) if route.targets else ["closed"])),
        ],
    }


def _check_routers(route: Route, slot: Target, place: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """With doors: one for the address itself, whatever is asked, and those of the doors that lead
    to it."""
    served, name = (
        Served(route.stack, route.environment, slot.deployment),
        _slot_name(route, slot, place),
    )
    yield name, _check_router(f"{served}/{place}" if slot.doors else str(served), name, BEFORE_ALL)
    for number, door in enumerate(slot.doors):
        if backs_of(slot).index(back_of(door)) == place:
            for rule in door_rules(door.hosts, door.path):
                yield (
                    f"{_slot_name(route, slot)}_door_{number}{rule.name}",
                    _check_router(str(served), name, rule.priority, f" && ({rule.text})"),
                )


def _check_router(asked: str, service: str, priority: int, also: str = "") -> dict[str, Any]:
    return {
        "entryPoints": [CHECK_ENTRY_POINT],
        "rule": f"Header(`{SLOT_HEADER}`, `{asked}`){also}",
        "priority": priority,
        "service": service,
    }


def _served_header(route: Route, slot: Target, closing: bool) -> dict[str, Any]:
    """Traefik overwrites whatever the application says under this name, and takes out by what name
    the slot was asked for."""
    served = Served(route.stack, route.environment, slot.deployment)
    end = {"Connection": "close"} if closing else {}
    return {
        "headers": {
            "customRequestHeaders": {SLOT_HEADER: ""},
            "customResponseHeaders": {DEPLOYMENT_HEADER: str(served), **end},
        }
    }


def _slot_service(route: Route, slot: Target, place: int, back: Back) -> dict[str, Any]:
    """The header hangs on the service (Traefik 3.7), not on the router: only so is it true after a
    failover."""
    balancer: dict[str, Any] = {"passHostHeader": True, "servers": [{"url": back.url}]}
    if back.sticky:
        balancer["sticky"] = _cookie(route, "server", place)
    if route.standby and slot != route.candidate:
        balancer["healthCheck"] = _health_check(route, slot, back)
    if route.standby and slot in route.targets:
        balancer["passiveHealthCheck"] = {"failureWindow": "5s", "maxFailedAttempts": 3}
    return {"middlewares": [_slot_name(route, slot)], "loadBalancer": balancer}


def _cookie(route: Route, what: str, place: int) -> dict[str, Any]:
    """At names that are shared it has its owner's name too: another stack has such a cookie of its
    own there."""
    owner = f"_{route.stack}_{route.environment}" if route.sharing else ""
    return {
        "cookie": {
            "name": f"tidegate_{what}{owner}_{place}",
            "httpOnly": True,
            "secure": route.https,
            "sameSite": "lax",
        }
    }


def _health_check(route: Route, slot: Target, back: Back) -> dict[str, Any]:
    """As a visitor asks: applications refuse a Host that is not theirs, and lead http to https. A
    redirect is not followed, because it leads through the public door to whoever serves."""
    front = headers_for(https=route.https)
    hosts = [
        host for door in slot.doors if back_of(door) == back for host in whole_names(door.hosts)
    ]
    return {
        "path": back.ready_path,
        "interval": "2s",
        "timeout": "5s",
        "hostname": (hosts or route.domains)[0],
        "followRedirects": False,
        **({"headers": front} if front else {}),
    }


def _shared_services(route: Route) -> dict[str, Any]:
    services, backs = {}, backs_of(route.targets[0]) if route.targets else []
    for place in range(max(1, len(backs))):
        if public := _public_service(route, place):
            services[_name(route, "public", place)] = public
        if route.standby and not _is_whole(route):
            services[_name(route, "serving", place)] = {
                "weighted": {**_weighted(route, place), "healthCheck": {}}
            }
    return services


def _public_service(route: Route, place: int) -> dict[str, Any] | None:
    """None when one slot serves alone and whole: then the public router points straight at it."""
    if route.standby:
        serving = (
            _slot_name(route, route.targets[0], place)
            if _is_whole(route)
            else _name(route, "serving", place)
        )
        return {
            "failover": {
                "service": serving,
                "fallback": _slot_name(route, route.standby, place),
                "healthCheck": {},
            }
        }
    if not route.targets:
        return {"loadBalancer": {"servers": []}}  # 503 until something serves, rather than 404
    return None if _is_whole(route) else {"weighted": _weighted(route, place)}


def _weighted(route: Route, place: int) -> dict[str, Any]:
    is_sticky = any(back.sticky for back in backs_of(route.targets[0])[place : place + 1])
    return {
        "services": [
            {"name": _slot_name(route, target, place), "weight": target.weight}
            for target in route.targets
        ],
        **({"sticky": _cookie(route, "version", place)} if is_sticky else {}),
    }


def _is_whole(route: Route) -> bool:
    return len(route.targets) == 1 and route.targets[0].weight == WHOLE


def _name(route: Route, part: str, number: int = 0) -> str:
    return f"{route.stack}_{route.environment}_{part}" + (f"_{number}" if number else "")


def _slot_name(route: Route, slot: Target, place: int = 0) -> str:
    return service_name(route.stack, route.environment, slot.deployment) + (
        f"_{place}" if place else ""
    )

"""What Traefik reads for one stack in one environment: a `Route` as YAML for the file provider (v3), and back.

Names join their parts by `_`, which no stack's name holds: so no two stacks ever meet in a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from tidegate.errors import EdgeError
from tidegate.facts import Route, Served, Target

PUBLIC_ENTRY_POINT = "web"
CHECK_ENTRY_POINT = "check"
DEPLOYMENT_HEADER = "X-Tidegate-Deployment"
SLOT_HEADER = "X-Tidegate-Slot"
"""Names the slot that a request at the check entry point is for. Everything else of the request is a visitor's own."""
_BEFORE_ALL = 1000
"""Of a router. Otherwise the length of its rule decides, and a slot's `/ping` or `/api` could be the edge's."""
_WHOLE = 100
# A request that was in flight in a killed slot comes back as 502. Traefik sends it again by itself only when none of it
# had been sent; with `status` also when it is safe to repeat (no POST, PATCH) and its body was small enough to keep.
_RETRY = {"attempts": 5, "initialInterval": "10ms", "status": ["502"], "maxRequestBodyBytes": 65536}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_URL = re.compile(r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)*{_LABEL}")
# No brace among them: Traefik runs a file's `{{ ... }}` as a template, with all variables of its environment.
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/?%-]{0,1023}")
_HEAD = re.compile(
    r"# written by Tidegate; do not edit: the next switch overwrites it\n"
    r"# stack: (?P<stack>[a-z][a-z0-9-]*)\n# environment: (?P<environment>[a-z][a-z0-9-]*)\n# deployment: [0-9, none]+\n"
    r"# fence: (?P<fence>[0-9]{1,18})\n# ready path: (?P<ready>.*)\n"   # 0.1 wrote the path without quotes
    r"(?P<https># https\n)?")
_HOST = re.compile(r"Host\(`([^`]+)`\)")
_SERVED = re.compile(r"([a-z][a-z0-9-]{0,30})/([a-z][a-z0-9-]{0,30})/([1-9][0-9]{0,8})")


class Routes(NamedTuple):
    """All routes that can be read, and one sentence for each file that cannot."""

    good: list[Route]
    faulty: list[str]


def headers_for(*, https: bool, slot: Served | None = None) -> dict[str, str]:
    """What is added to a visitor's request: what a front that ends TLS says, and which slot it is for, whoever serves.

    With `slot` it is one for the check entry point, without it for the public one.
    """
    front = {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "443", "X-Forwarded-For": "127.0.0.1"} if https else {}
    return {**front, **({SLOT_HEADER: str(slot)} if slot else {})}


def service_name(stack: str, environment: str, number: int) -> str:
    """The name of one slot's Traefik service, as its metrics show it before `@file`."""
    return f"{stack}_{environment}_{number}"


def read_served(header: str) -> Served | None:
    """What the edge's header says about who answered; None where it says nothing that Tidegate wrote."""
    found = _SERVED.fullmatch(header)
    return Served(found[1], found[2], int(found[3])) if found else None


def traefik_config(route: Route, *, closing: bool = False) -> str:
    """The file's whole text. Raises EdgeError when the route contradicts itself, or holds what no route may hold.

    `closing` lets each answer end its connection, so that clients come back by a new one, while an edge is replaced.
    It trusts nobody who made the route: whatever reaches a rule, a name or a comment is of a form that cannot leave it.
    """
    if faults := [*_unsafe(route), *_faults(route)]:
        raise EdgeError(f"writing the route of {route.stack!r} {route.environment!r}", "; ".join(faults),
                        "Correct what stack.yaml says about it")
    return _head(route) + yaml.safe_dump({"http": _http(route, closing)}, sort_keys=False, width=200)


@lru_cache(maxsize=256)
def read_route(text: str) -> Route:
    """The route that `traefik_config` wrote; the same text is read once, since a switch looks at all routes several times.

    Raises EdgeError when the text is not such a file.
    """
    try:
        return _route(text)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise EdgeError("reading a route file", f"it is not as Tidegate wrote it ({type(error).__name__})",
                        "Remove the file and release again; nothing edits it but Tidegate") from None


def _unsafe(route: Route) -> Iterator[str]:
    """Values that could mean more in the file than they are."""
    named = (("stack", route.stack), ("environment", route.environment))
    yield from (f"the {what} {value!r} is no name" for what, value in named if not _is(_NAME, value))
    yield from (f"{domain!r} is no host name" for domain in route.domains if not _is(_DOMAIN, domain))
    if not _is(_PATH, route.ready_path):
        yield f"the ready path {route.ready_path!r} is no path of a URL"
    for slot in _slots(route):
        if not _is(_URL, slot.url):
            yield f"{slot.url!r} is no address"
        yield from (f"{value!r} is no number" for value in (slot.deployment, slot.weight) if type(value) is not int)
    if type(route.fence) is not int or route.fence < 0:
        yield f"the fence {route.fence!r} is no number"


def _is(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _faults(route: Route) -> Iterator[str]:
    slots = _slots(route)
    if len({slot.deployment for slot in slots}) < len(slots):
        yield "one deployment has two parts in it"
    if not route.domains:
        yield "it has no domain"
    if route.standby and not route.targets:
        yield "a standby without a serving target"
    yield from (f"deployment {slot.deployment} has a weight and serves no one" for slot in slots
                if slot.weight != _WHOLE and slot not in route.targets)


def _slots(route: Route) -> list[Target]:
    return [slot for slot in (*route.targets, route.standby, route.candidate) if slot]


def _head(route: Route) -> str:
    serving = ", ".join(str(target.deployment) for target in route.targets) or "none"
    return ("# written by Tidegate; do not edit: the next switch overwrites it\n"
            f"# stack: {route.stack}\n# environment: {route.environment}\n# deployment: {serving}\n"
            f"# fence: {route.fence}\n# ready path: {json.dumps(route.ready_path)}\n"
            + ("# https\n" if route.https else ""))


def _http(route: Route, closing: bool) -> dict[str, Any]:
    slots = _slots(route)
    return {
        "routers": {_name(route, "public"): _public_router(route),
                    **{_slot_name(route, slot): _check_router(route, slot) for slot in slots}},
        "middlewares": {_name(route, "retry"): {"retry": _RETRY},
                        **{_slot_name(route, slot): _served_header(route, slot, closing) for slot in slots}},
        "services": {**{_slot_name(route, slot): _slot_service(route, slot) for slot in slots},
                     **_shared_services(route)},
    }


def _public_router(route: Route) -> dict[str, Any]:
    hosts = " || ".join(f"Host(`{domain}`)" for domain in route.domains)
    service = _name(route, "public") if _public_service(route) else _slot_name(route, route.targets[0])
    return {"entryPoints": [PUBLIC_ENTRY_POINT], "rule": hosts, "service": service,
            "middlewares": [_name(route, "retry")]}


def _check_router(route: Route, slot: Target) -> dict[str, Any]:
    served = Served(route.stack, route.environment, slot.deployment)
    return {"entryPoints": [CHECK_ENTRY_POINT], "rule": f"Header(`{SLOT_HEADER}`, `{served}`)", "priority": _BEFORE_ALL,
            "service": _slot_name(route, slot)}


def _served_header(route: Route, slot: Target, closing: bool) -> dict[str, Any]:
    """Traefik overwrites whatever the application says under this name, and takes out by what name the slot was asked for."""
    served = Served(route.stack, route.environment, slot.deployment)
    end = {"Connection": "close"} if closing else {}
    return {"headers": {"customRequestHeaders": {SLOT_HEADER: ""},
                        "customResponseHeaders": {DEPLOYMENT_HEADER: str(served), **end}}}


def _slot_service(route: Route, slot: Target) -> dict[str, Any]:
    """The header hangs on the service (Traefik 3.7), not on the router: only so is it true after a failover."""
    balancer: dict[str, Any] = {"passHostHeader": True, "servers": [{"url": slot.url}]}
    if route.standby and slot != route.candidate:
        balancer["healthCheck"] = _health_check(route)
    if route.standby and slot in route.targets:
        balancer["passiveHealthCheck"] = {"failureWindow": "5s", "maxFailedAttempts": 3}
    return {"middlewares": [_slot_name(route, slot)], "loadBalancer": balancer}


def _health_check(route: Route) -> dict[str, Any]:
    """As a visitor asks: applications refuse a Host that is not theirs, and lead http to https. A redirect is not followed,
    because it leads through the public door to whoever serves."""
    front = headers_for(https=route.https)
    return {"path": route.ready_path, "interval": "2s", "timeout": "5s", "hostname": route.domains[0],
            "followRedirects": False, **({"headers": front} if front else {})}


def _shared_services(route: Route) -> dict[str, Any]:
    services = {}
    if public := _public_service(route):
        services[_name(route, "public")] = public
    if route.standby and not _is_whole(route):
        services[_name(route, "serving")] = {"weighted": {**_weighted(route), "healthCheck": {}}}
    return services


def _public_service(route: Route) -> dict[str, Any] | None:
    """None when one slot serves alone and whole: then the public router points straight at it."""
    if route.standby:
        serving = _slot_name(route, route.targets[0]) if _is_whole(route) else _name(route, "serving")
        return {"failover": {"service": serving, "fallback": _slot_name(route, route.standby), "healthCheck": {}}}
    if not route.targets:
        return {"loadBalancer": {"servers": []}}   # 503 until something serves, rather than 404
    return None if _is_whole(route) else {"weighted": _weighted(route)}


def _weighted(route: Route) -> dict[str, Any]:
    return {"services": [{"name": _slot_name(route, target), "weight": target.weight} for target in route.targets]}


def _is_whole(route: Route) -> bool:
    return len(route.targets) == 1 and route.targets[0].weight == _WHOLE


def _name(route: Route, part: str) -> str:
    return f"{route.stack}_{route.environment}_{part}"


def _slot_name(route: Route, slot: Target) -> str:
    return service_name(route.stack, route.environment, slot.deployment)


def _route(text: str) -> Route:
    """The head's facts are read from its own lines alone: whatever stands below is no fact. Raises what YAML raises."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError("no head")
    content = yaml.safe_load(text[head.end():])
    http, prefix = content["http"], f"{head['stack']}_{head['environment']}_"
    if foreign := [name for kind in http.values() for name in kind if not name.startswith(prefix)] or content.keys() - {"http"}:
        raise ValueError(f"foreign parts {foreign}")
    ready_path = json.loads(head["ready"]) if head["ready"].startswith('"') else head["ready"]
    return _route_of(head, http, prefix, ready_path)


def _route_of(head: re.Match[str], http: dict[str, Any], prefix: str, ready_path: str) -> Route:
    public, services = http["routers"][f"{prefix}public"], http["services"]
    failover = services[public["service"]].get("failover", {})
    serving = _read_targets(services, failover.get("service", public["service"]))
    standby = _read_slot(services, failover["fallback"]) if failover else None
    named = {target.deployment for target in (*serving, standby) if target}
    others = [_read_slot(services, name) for name in http["routers"] if name != f"{prefix}public"]
    candidates = [slot for slot in others if slot.deployment not in named]
    return Route(
        stack=head["stack"], environment=head["environment"], domains=tuple(_HOST.findall(public["rule"])),
        targets=serving, standby=standby, candidate=candidates[0] if candidates else None,
        fence=int(head["fence"]), ready_path=ready_path, https=head["https"] is not None)


def _read_targets(services: dict[str, Any], name: str) -> tuple[Target, ...]:
    service = services[name]
    if "weighted" in service:
        return tuple(_read_slot(services, part["name"], part["weight"]) for part in service["weighted"]["services"])
    return (_read_slot(services, name),) if service["loadBalancer"]["servers"] else ()


def _read_slot(services: dict[str, Any], name: str, weight: int = _WHOLE) -> Target:
    return Target(int(name.rpartition("_")[2]), services[name]["loadBalancer"]["servers"][0]["url"], weight)

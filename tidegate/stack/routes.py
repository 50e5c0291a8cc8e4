"""What a stack file says of how people reach its services: by which host name and path, and at
which port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import Field

from tidegate.edge.facts import DoorPlace
from tidegate.edge.hosts import is_wildcard
from tidegate.edge.paths import is_below
from tidegate.stack.environments import Calling, Environment
from tidegate.stack.formats import DoorPath, Name, Part, ServiceName, UrlPath
from tidegate.stack.kept_ports import KeptPort
from tidegate.stack.services import Service
from tidegate.stack.showing import SmokeCheck

MOST_ROUTES = 20
_NEEDS_PORT = "is behind the edge and needs a port, on which it listens in its container"
_NEEDS_READY_PATH = (
    "is behind the edge and needs a ready_path, the path of a page that answers 200 "
    "only when the application can work (`/` where no page says more)"
)


class RouteLine(Part):
    """One path, and the released service that answers it and all below it. The longest path that
    fits counts."""

    path: DoorPath = "/"
    service: ServiceName = Field(description="A released service.")
    port: int | None = Field(
        None, ge=1, le=65535, description="Where it is another one than the service's own `port`."
    )
    ready_path: UrlPath | None = Field(
        None,
        description="Asked at this port, where it is another page than "
        "the service's own `ready_path`.",
    )
    domains_of: Name | None = Field(
        None,
        description="Only at the environment's `domains_of` this word; otherwise at its `domains`.",
    )
    sticky: bool = Field(False, description="A cookie brings a visitor back to the same server.")


class Routed(NamedTuple):
    """A route with all that it takes from its service."""

    path: str
    service: Service
    port: int
    ready_path: str
    domains_of: str | None
    sticky: bool


def routed(services: Sequence[Service], routes: Sequence[RouteLine]) -> list[Routed]:
    """Each route of a stack file that was read, the main one first: that of `/` at the
    environment's `domains`; where none has that path, the first one there. Without routes, the
    first service has all paths."""
    lines = routes or [RouteLine(service=services[0].name)]
    main = min(
        (line for line in lines if line.domains_of is None), key=lambda line: line.path != "/"
    )
    named = {service.name: service for service in services}
    return [
        Routed(
            line.path,
            named[line.service],
            line.port or named[line.service].port or 0,
            line.ready_path or named[line.service].ready_path or "",
            line.domains_of,
            line.sticky,
        )
        for line in sorted(lines, key=lambda line: line is not main)
    ]


class Known(NamedTuple):
    """A name that other stacks call, or a port of the host, with all that it takes from its
    service."""

    line: Calling
    service: Service
    port: int
    ready_path: str

    @property
    def host(self) -> str:
        """How the edge is told of it."""
        return self.line.host_at(self.port)

    @property
    def shown(self) -> str:
        """For people: `ocr:8080 (back)`, or `:8180`."""
        if isinstance(self.line, KeptPort):
            return f"{self.line.address or ''}:{self.line.host_port}"
        return f"{self.line.name}:{self.port} ({self.line.network})"


def known(services: Sequence[Service], environment: Environment) -> list[Known]:
    """Each line of `known_as` and of `kept_ports` of a stack file that was read."""
    named = {service.name: service for service in services}
    return [
        Known(
            line,
            named[line.service],
            line.port or named[line.service].port or 0,
            line.ready_path or named[line.service].ready_path or "",
        )
        for line in environment.callings
    ]


def hosts_of(environment: Environment, word: str | None) -> tuple[str, ...]:
    """The host names of a route that says `domains_of: word`, or nothing."""
    return environment.domains if word is None else environment.domains_of[word]


def places_of(
    services: Sequence[Service], routes: Sequence[RouteLine], environment: Environment
) -> tuple[DoorPlace, ...]:
    """Each host name with each path that a route has there, the main route's first; then the names
    that other stacks call, and the ports of the host."""
    return (
        *(
            DoorPlace(host, one.path)
            for one in routed(services, routes)
            for host in hosts_of(environment, one.domains_of)
        ),
        *(DoorPlace(one.host, "/") for one in known(services, environment)),
    )


def taken_hosts(services: Sequence[Service], environment: Environment) -> tuple[str, ...]:
    """All that an environment takes at the edge: its host names, and those by which other stacks
    call it."""
    return (*environment.hosts, *(one.host for one in known(services, environment)))


def addresses(
    services: Sequence[Service], routes: Sequence[RouteLine], environment: Environment
) -> tuple[str, ...]:
    """For people: host names, or where each of several routes leads, `shop.example/api →
    api:8000`; then `ocr:8080 (back) → ocr:8080` for a name on the network `back`, and `:8180 →
    ocr:8080` for a port of the host."""
    called = (
        f"{one.shown} → {one.service.name}:{one.port}" for one in known(services, environment)
    )
    if not routes and not environment.shares_names_with:
        return (*environment.hosts, *called)
    led = (
        f"{host}{one.path} → {one.service.name}:{one.port}"
        for one in routed(services, routes)
        for host in hosts_of(environment, one.domains_of)
    )
    return (*led, *called)


def service_faults(
    services: Sequence[Service],
    routes: Sequence[RouteLine],
    names: Sequence[Calling] = (),
) -> Iterator[str]:
    """What a service behind the edge lacks. `names` are those of all environments."""
    routed_lines = routes or [RouteLine(service=services[0].name)]
    leading: list[RouteLine | Calling] = [*routed_lines, *names]
    for place, service in enumerate(services):
        lines = [line for line in leading if line.service == service.name]
        if service.port is None and not all(line.port for line in lines):
            yield f"services[{place}]: {service.name} {_NEEDS_PORT}"
        if service.ready_path is None and not all(line.ready_path for line in lines):
            yield f"services[{place}]: {service.name} {_NEEDS_READY_PATH}"


def route_faults(
    services: Sequence[Service],
    routes: Sequence[RouteLine],
    environments: Mapping[str, Environment],
) -> Iterator[str]:
    """What no route says by itself: all of them, with services and environments, do."""
    released, seen = {service.name for service in services}, set[tuple[str | None, str]]()
    for place, line in enumerate(routes):
        if line.service not in released:
            yield f"routes[{place}].service: no released service {line.service!r}"
        if (line.domains_of, line.path) in seen:
            yield f"routes[{place}]: {_told(line)} has a route already"
        seen.add((line.domains_of, line.path))
    if routes and not any(line.domains_of is None for line in routes):
        yield "routes: none is at the environments' domains: one without `domains_of` is"
    for name, own in environments.items():
        yield from _domain_faults(name, own, {line.domains_of for line in routes} - {None})


def check_faults(checks: Sequence[SmokeCheck], routes: Sequence[RouteLine]) -> Iterator[str]:
    """Smoke checks that ask where no route leads: they would be answered by nobody, or by another
    stack."""
    words = {line.domains_of for line in routes} | {None}
    for place, check in enumerate(checks):
        if check.domains_of not in words:
            yield f"smoke[{place}].domains_of: no route has {check.domains_of!r}"
            continue
        there = [line.path for line in routes if line.domains_of == check.domains_of]
        asked = {"path": check.path, **({"login.path": check.login.path} if check.login else {})}
        yield from (
            f"smoke[{place}].{key}: no route there has the path {path}"
            for key, path in asked.items()
            if there and not any(is_below(path, one) for one in there)
        )


def unread_keys(
    services: Sequence[Service],
    routes: Sequence[RouteLine],
    names: Sequence[Calling] = (),
) -> list[str]:
    """Of services that nobody reaches through the edge."""
    behind = {line.service for line in routes} if routes else {services[0].name}
    behind |= {line.service for line in names}
    why = (
        "no route leads to this service"
        if routes
        else "only the first service is behind the edge where there are no `routes`"
    )
    return [
        f"services[{place}].{key}: nothing reads it, because {why}: take it out"
        for place, service in enumerate(services)
        if service.name not in behind
        for key in ("port", "ready_path")
        if getattr(service, key) is not None
    ]


def _told(line: RouteLine) -> str:
    return line.path if line.domains_of is None else f"{line.path} at domains_of {line.domains_of}"


def _domain_faults(name: str, own: Environment, words: set[str | None]) -> Iterator[str]:
    yield from (
        f"environments.{name}.domains_of: has no {word!r}, which a route names"
        for word in sorted(filter(None, words))
        if not own.domains_of.get(word)
    )
    yield from (
        f"environments.{name}.domains_of.{word}: no route names it"
        for word in own.domains_of
        if word not in words
    )
    lists = {
        "domains": own.domains,
        **{f"domains_of.{word}": hosts for word, hosts in own.domains_of.items()},
    }
    yield from (
        f"environments.{name}.{where}[0]: must be a whole name, by which Tidegate itself can "
        f"come (got {hosts[0]!r}): put one before the wildcard"
        for where, hosts in lists.items()
        if hosts and is_wildcard(hosts[0])
    )

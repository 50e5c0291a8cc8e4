"""What a stack file says of how other stacks of the server call its services: by a name on a
network of the engine that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from tidegate.edge.hosts import name_on
from tidegate.facts import ComposeModel
from tidegate.stack.formats import NetworkAlias, NetworkName, Part, ServiceName, UrlPath

MOST_NAMES = 20


class KnownAs(Part):
    """A name on a network, and the released service that answers there."""

    service: ServiceName = Field(description="A released service.")
    name: NetworkAlias = Field(description="How other stacks call it: `http://NAME:PORT`.")
    network: NetworkName = Field(
        description="Where they call it: the engine's name of a network on which the compose "
        "files put this service, as `docker network ls` shows it."
    )
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Where it is another one than the service's own `port`. It is called at "
        "this port, and listens at it.",
    )
    ready_path: UrlPath | None = Field(
        None,
        description="Asked at this port, where it is another page than "
        "the service's own `ready_path`.",
    )

    def host_at(self, port: int) -> str:
        """How the edge is told of it, where it is called at this port."""
        return name_on(self.network, self.name, port)


def known_as_faults(
    ports: Mapping[str, int | None],
    names: Mapping[str, Sequence[KnownAs]],
    hosts: Mapping[str, str],
) -> Iterator[str]:
    """What no line says by itself. `ports` are those of the released services; `names` and `hosts`
    (their blocks) are by environment."""
    seen: dict[tuple[str, ...], str] = {}
    for environment, lines in names.items():
        for place, line in enumerate(lines):
            where = f"environments.{environment}.known_as[{place}]"
            if line.service not in ports:
                yield f"{where}.service: no released service {line.service!r}"
            name = hosts[environment], line.network.lower(), line.name
            if (other := seen.setdefault(name, environment)) != environment:
                yield f"{where}: {line.name} on {line.network} is a name of {other} too"
            called = _called(line, ports)
            if called in [_called(one, ports) for one in lines[:place]]:
                yield f"{where}: {line.name} on {line.network} is there already, at the same port"


def network_faults(model: ComposeModel, lines: Sequence[KnownAs]) -> Iterator[str]:
    """Where the compose files do not put a service on the network that the stack file names, or
    give its name there to a service that is not released."""
    for line in lines:
        if line.service not in model["services"]:
            continue  # said elsewhere
        there = {
            name: options
            for name, service in model["services"].items()
            for key, options in (service.get("networks") or {}).items()
            if _engines_name(model, key) == line.network
        }
        if line.service not in there:
            yield (
                f"services.{line.service}.networks: {line.network} is none of them, and stack.yaml "
                f"says that it is known there as {line.name}"
            )
        yield from (
            f"services.{name}: is called {line.name} on {line.network} too, which stack.yaml says "
            f"of {line.service}"
            for name, options in there.items()
            if name != line.service and line.name in _names(model, name, options)
        )


def _called(line: KnownAs, ports: Mapping[str, int | None]) -> tuple[str, str, int | None]:
    return line.network.lower(), line.name, line.port or ports.get(line.service)


def _names(model: ComposeModel, name: str, options: Mapping[str, object] | None) -> list[object]:
    aliases = (options or {}).get("aliases") or []
    container = model["services"][name].get("container_name")
    return [name, container, *(aliases if isinstance(aliases, list) else [])]


def _engines_name(model: ComposeModel, key: str) -> str:
    declared = (model.get("networks") or {}).get(key) or {}
    return str(declared.get("name") or f"{model.get('name', '')}_{key}")

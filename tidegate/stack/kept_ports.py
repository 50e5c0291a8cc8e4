"""What a stack file says of ports of the host by which others call its services: the compose files
publish them, and a slot cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from tidegate.edge.hosts import are_same_address, port_at, shown_port
from tidegate.facts import ComposeModel
from tidegate.stack.formats import HostAddress, Part, ServiceName, UrlPath

MOST_PORTS = 20


class KeptPort(Part):
    """A port of the host, and the released service that answers there."""

    service: ServiceName = Field(description="A released service.")
    host_port: int = Field(
        ge=1, le=65535, description="The port of the host: 8180 of `8180:8080` in the compose file."
    )
    address: HostAddress | None = Field(
        None,
        description="Of the host, where the compose file names one: 127.0.0.1 of "
        "`127.0.0.1:8180:8080`.",
    )
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Where the service listens there at another port than its own `port`: 8080 of "
        "`8180:8080`.",
    )
    ready_path: UrlPath | None = Field(
        None,
        description="Asked at this port, where it is another page than "
        "the service's own `ready_path`.",
    )

    def host_at(self, port: int) -> str:
        """How the edge is told of it, at whatever port the service listens."""
        return port_at(self.address or "", self.host_port)

    @property
    def shown(self) -> str:
        return shown_port(self.address or "", self.host_port)


def kept_port_faults(
    released: Mapping[str, int | None],
    ports: Mapping[str, Sequence[KeptPort]],
    hosts: Mapping[str, str],
) -> Iterator[str]:
    """What no line says by itself. `released` are the services; `ports` and `hosts` (their blocks)
    are by environment."""
    seen: list[tuple[str, str, KeptPort]] = []
    for environment, lines in ports.items():
        for place, line in enumerate(lines):
            where = f"environments.{environment}.kept_ports[{place}]"
            if line.service not in released:
                yield f"{where}.service: no released service {line.service!r}"
            for other, host, one in seen:
                if host == hosts[environment] and _meet(one, line):
                    whose = "there already" if other == environment else f"a port of {other} too"
                    yield f"{where}: {line.shown} is {whose}"
            seen.append((environment, hosts[environment], line))


def published_faults(model: ComposeModel, kept: Sequence[tuple[KeptPort, int]]) -> Iterator[str]:
    """Where the compose files do not publish a port as the stack file says it, or let another
    service have it. Each line comes with the port at which its service listens."""
    for line, inside in kept:
        services = model["services"]
        if line.service in services and (fault := _fault(services[line.service], line, inside)):
            yield f"services.{line.service}.ports: {fault}"
        yield from (
            f"services.{name}.ports: {line.host_port} is published here too, which stack.yaml says "
            f"of {line.service}"
            for name, service in services.items()
            if name != line.service and any(_has(one, line) for one in service.get("ports") or [])
        )


def _fault(service: Mapping[str, Any], line: KeptPort, inside: int) -> str | None:
    """What is published with this number decides; its protocol, address and target must fit."""
    found = [one for one in service.get("ports") or [] if _number(one) == line.host_port]
    if not found:
        return f"{line.host_port} is none of them, and stack.yaml keeps it: take it out there"
    told = [one for one in found if one.get("protocol", "tcp") == "tcp"]
    if not told:
        return f"{line.host_port} is UDP: only HTTP can be kept"
    fitting = [one for one in told if str(one.get("host_ip") or "") == (line.address or "")]
    if not fitting:
        address = str(told[0].get("host_ip") or "")
        if ":" in address:
            return f"{line.host_port} is published at {address}: only IPv4 addresses can be kept"
        to_do = f"write `address: {address}`" if address else "take `address` out"
        return (
            f"{shown_port(address, line.host_port)} is published, and stack.yaml keeps "
            f"{line.shown}: {to_do} there"
        )
    targets = [int(one["target"]) for one in fitting]
    if inside in targets:
        return None
    return (
        f"{line.host_port} leads to {targets[0]} in the container, and stack.yaml says {inside}: "
        f"write `port: {targets[0]}` there, and the `ready_path` of that port"
    )


def _has(published: Mapping[str, Any], line: KeptPort) -> bool:
    address = str(published.get("host_ip") or "")
    is_tcp = published.get("protocol", "tcp") == "tcp"
    return (
        is_tcp
        and _number(published) == line.host_port
        and are_same_address(address, line.address or "")
    )


def _number(published: Mapping[str, Any]) -> int | None:
    said = str(published.get("published") or "")
    return int(said) if said.isdecimal() else None


def _meet(one: KeptPort, other: KeptPort) -> bool:
    return one.host_port == other.host_port and are_same_address(
        one.address or "", other.address or ""
    )

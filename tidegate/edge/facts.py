"""What the edge is told and what it says: who serves, where, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tidegate.edge.hosts import name_on, port_at, shown_port


class DoorPlace(NamedTuple):
    """Where a door is: what is asked for at this host name, at this path and below it, where nobody
    has a longer one."""

    host: str
    path: str

    def __str__(self) -> str:
        return self.host + self.path


class KnownName(NamedTuple):
    """A name by which containers of other stacks call a service on a network of the engine:
    `http://ocr:8080`."""

    name: str
    network: str
    port: int
    """At which it is called, and at which the service listens."""
    ready_path: str

    @property
    def host(self) -> str:
        """How the edge is told of it."""
        return name_on(self.network, self.name, self.port)

    @property
    def asked(self) -> str:
        """The `Host` of who calls it, and what the application sees."""
        return self.name if self.port == 80 else f"{self.name}:{self.port}"

    def __str__(self) -> str:
        return f"{self.name}:{self.port} on the network {self.network}"


class HostPort(NamedTuple):
    """A port of the host by which others call a service: `http://10.0.0.5:8180`."""

    address: str
    """The one IPv4 address of the host at which it is; empty for all that the host has."""
    port: int
    ready_path: str

    @property
    def host(self) -> str:
        """How the edge is told of it."""
        return port_at(self.address, self.port)

    @property
    def asked(self) -> str:
        """What the application sees as `Host`, by whatever name of the host somebody has called."""
        name = "localhost" if self.address in ("", "0.0.0.0") else self.address
        return name if self.port == 80 else f"{name}:{self.port}"

    def __str__(self) -> str:
        return f"port {shown_port(self.address, self.port)} of the host"


CalledBy = KnownName | HostPort
"""How others of the server call a service, past the host names by which people come."""


@dataclass(frozen=True)
class Door:
    """What visitors of one deployment may ask for, and which of its services answers."""

    hosts: tuple[str, ...]
    """`shop.example`, or `*.erp.example` for each name directly below, or `ocr.8080.back._network`
    for a name on a network, or `8180._port` for a port of the host (`tidegate.edge.hosts`)."""
    path: str
    """`/api`: itself and all below it. Of the doors that fit a request, the one with the longest
    path counts."""
    url: str
    """`http://cloudlens-prod-42-api:8000`, resolvable by the edge."""
    ready_path: str
    """Answers below 400 only where that service can work."""
    sticky: bool = False
    """Whether a cookie brings a visitor back to the same server."""


@dataclass(frozen=True)
class Target:
    """Where the edge sends requests for one deployment."""

    deployment: int
    """Number of the deployment within its stack and environment."""
    url: str
    """`http://cloudlens-prod-42-backend:8000`, resolvable by the edge: of its first door, or of all
    its requests."""
    weight: int = 100
    doors: tuple[Door, ...] = ()
    """Where several of its services answer. None: all names and paths of the route lead to
    `url`."""


@dataclass(frozen=True)
class Served:
    """Which deployment answers, as the edge's header says it: `shop/prod/42`."""

    stack: str
    environment: str
    number: int

    def __str__(self) -> str:
        return f"{self.stack}/{self.environment}/{self.number}"


@dataclass(frozen=True)
class Sharing:
    """Of a route at host names where other stacks have paths too."""

    stacks: tuple[str, ...]
    """Which stacks may. Each of them must name this one in turn."""
    places: tuple[DoorPlace, ...]
    """What the route takes of its names: no other path there is its own."""
    begun: bool = True
    """False until its first version serves: who had these paths before has them still."""


@dataclass(frozen=True)
class Route:
    """What the edge is told for one stack in one environment. Carries the fencing number of its
    writer."""

    stack: str
    environment: str
    domains: tuple[str, ...]
    """All that it takes, also those that only one of its doors has."""
    targets: tuple[Target, ...]
    """Who serves, with weights; one target at 100 is a whole switch."""
    standby: Target | None
    """The warm old slot, which takes over at once when the serving one does not answer."""
    candidate: Target | None
    """The new slot before its switch, reachable only on the edge's own check address."""
    fence: int
    ready_path: str
    """Answers below 400 only where the application can work; of the first door, where there are
    several."""
    https: bool
    """Whether people come by a front that ends TLS, so that the application must be asked as such a
    front does."""
    sharing: Sharing | None = None
    """None: it has its domains for itself, with all their paths."""

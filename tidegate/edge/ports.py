"""The roles that an edge plays, and those who come to it: small protocols, as in
`tidegate/ports.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Protocol, Self

from tidegate.edge.counters import MetricsSample
from tidegate.edge.facts import CalledBy, KnownName, Route, Served
from tidegate.edge.probing import Question, Seen, SmokeVisit, Visit
from tidegate.edge.route_files import Routes
from tidegate.facts import CheckResult, TrafficFigures
from tidegate.stack.checks import Answer


class EdgeNetworks(Protocol):
    """The network on which an environment's slots meet the edge. Raises EdgeError, EngineError."""

    def join(self, stack: str, environment: str) -> None: ...
    def leave(self, stack: str, environment: str) -> None: ...


class Forwarders(Protocol):
    """Containers of the edge that answer to names on networks of other stacks and at ports of the
    host, and pass on what they are asked. Raises EdgeError, EngineError."""

    def keep(self, stack: str, environment: str, called: Sequence[CalledBy]) -> None: ...
    def let_go(self, stack: str, environment: str, ports: Collection[int]) -> None: ...
    def lacking(
        self, stack: str, environment: str, called: Sequence[CalledBy]
    ) -> list[CalledBy]: ...
    def others(self, name: KnownName, apart_from: str) -> list[str]: ...


class EdgeAsked(Protocol):
    """What the edge was told, and whom it obeys. Raises EdgeError."""

    @property
    def public_url(self) -> str: ...
    def route(self, stack: str, environment: str) -> Route | None: ...
    def routes(self) -> Routes: ...
    def serving(self, host: str, path: str) -> Served | None: ...


class Edge(EdgeAsked, Protocol):
    """The reverse proxy of a host. A host name has one owner there, or each path of it where those
    who have them name each other. Raises EdgeError, FencedError."""

    def apply(self, route: Route) -> None: ...
    def remove(self, stack: str, environment: str) -> None: ...
    def mend(self) -> Sequence[str]: ...


class Witness(Protocol):
    """Steady real requests for as long as a `with` lasts, counted."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def figures(self) -> TrafficFigures: ...
    def failures(self, most: int) -> list[Seen]: ...


class Visitors(Protocol):
    """Real requests through the edge, and its own counters. Raises EdgeError where the edge is
    away."""

    def smoke(self, asked: SmokeVisit) -> list[CheckResult]: ...
    def ask(self, visit: Visit, path: str, deadline_seconds: float) -> Answer: ...
    def witness(
        self,
        visit: Visit,
        asked: Sequence[Question],
        *,
        owner: tuple[str, str],
        rate_per_second: float,
        most_seconds: float,
    ) -> Witness: ...
    def counters(self, service: str) -> MetricsSample: ...

"""Fakes that pass the contract suites of the real adapters, for tests of what stands above them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.doors import doors_of_routes, host_name, taken_doors
from tidegate.errors import EdgeError, FencedError
from tidegate.facts import Route, Served


@dataclass
class FakeEdge:
    """An edge in memory that obeys at once."""

    routes: dict[tuple[str, str], Route] = field(default_factory=dict)

    def route(self, stack: str, environment: str) -> Route | None:
        return self.routes.get((stack, environment))

    def apply(self, route: Route) -> None:
        there = self.route(route.stack, route.environment)
        if there and there.fence > route.fence:
            came_back = f"owner {there.fence} wrote it after owner {route.fence} was replaced"
            raise FencedError("telling the edge a route", came_back, "Nothing was changed; let the newer run finish")
        doors = doors_of_routes(self.routes.values())
        if taken := taken_doors(route.stack, route.environment, route.domains, doors):
            raise EdgeError("telling the edge a route", "; ".join(map(str, taken)), "Nothing was changed")
        self.routes[route.stack, route.environment] = route

    def serving(self, domain: str) -> Served | None:
        for route in self.routes.values():
            if host_name(domain) in map(host_name, route.domains) and route.targets:
                heaviest = max(route.targets, key=lambda target: target.weight)
                return Served(route.stack, route.environment, heaviest.deployment)
        return None

"""Fakes that pass the contract suites of the real adapters, for tests of what stands above them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidegate.errors import FencedError
from tidegate.facts import Route


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
        self.routes[route.stack, route.environment] = route

    def serving(self, domain: str) -> int | None:
        for route in self.routes.values():
            if domain in route.domains and route.targets:
                return max(route.targets, key=lambda target: target.weight).deployment
        return None

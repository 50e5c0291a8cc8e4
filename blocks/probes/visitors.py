"""Real requests through an edge, as its visitors make them, and its own counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blocks.edges.traefik.metrics import EdgeMetrics
from blocks.probes.smoke import SmokeRunner, ask_once
from blocks.probes.witness import TrafficWitness
from tidegate.edge.counters import MetricsSample
from tidegate.edge.probing import Question, SmokeVisit, Visit
from tidegate.facts import CheckResult
from tidegate.stack.checks import Answer


@dataclass(frozen=True)
class EdgeVisitors:
    """At the two addresses of one edge. Raises EdgeError where it does not answer."""

    public_url: str
    check_url: str

    def smoke(self, asked: SmokeVisit) -> list[CheckResult]:
        """One result for each check, in their order."""
        runner = SmokeRunner(
            self._url(asked.visit),
            asked.visit.name,
            asked.version,
            asked.credentials,
            asked.served,
            asked.most_seconds,
            asked.visit.headers,
            asked.hosts,
        )
        return runner.run(asked.checks)

    def ask(self, visit: Visit, path: str, deadline_seconds: float) -> Answer:
        """One request, without going where it is redirected."""
        return ask_once(self._url(visit), visit.name, visit.headers, path, deadline_seconds)

    def witness(
        self,
        visit: Visit,
        asked: Sequence[Question],
        *,
        owner: tuple[str, str],
        rate_per_second: float,
        most_seconds: float,
    ) -> TrafficWitness:
        """Asks each question steadily, as long as that; `owner` is the stack and environment that
        must answer."""
        return TrafficWitness(
            self._url(visit),
            visit.name,
            asked[0].path,
            rate_per_second=rate_per_second,
            most_seconds=most_seconds,
            owner=owner,
            headers=visit.headers,
            asked=asked,
        )

    def counters(self, service: str) -> MetricsSample:
        """Of a service, by its name in the route file."""
        return EdgeMetrics(self.check_url).sample(service=service)

    def _url(self, visit: Visit) -> str:
        return self.check_url if visit.at_slot else self.public_url

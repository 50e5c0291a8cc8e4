"""The edge's own counters, read from its metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from blocks.tls import TRUSTED
from tidegate.edge.counters import BUCKET, TOTAL, MetricsSample
from tidegate.errors import EdgeError

_STARTED = "process_start_time_seconds"


@dataclass(frozen=True)
class EdgeMetrics:
    """Reads `/metrics` on the edge's check address."""

    check_url: str
    timeout_seconds: float = 5

    def sample(self, *, service: str | None = None, router: str | None = None) -> MetricsSample:
        """Counters of a service or a router, by its name in the route file. Raises EdgeError."""
        kind, name = ("service", service) if service else ("router", str(router))
        return read_sample(self._text(), kind, name)

    def _text(self) -> str:
        doing = "reading the edge's metrics"
        try:
            answer = httpx.get(
                f"{self.check_url}/metrics",
                timeout=self.timeout_seconds,
                verify=TRUSTED,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise EdgeError(
                doing, type(error).__name__, "Look whether the edge runs", retryable=True
            ) from None
        if answer.status_code != 200:
            raise EdgeError(
                doing,
                f"status {answer.status_code}",
                "Start the edge with its own routes",
                retryable=True,
            )
        return answer.text


def read_sample(text: str, kind: str, name: str) -> MetricsSample:
    """Prometheus text -> the request counters and duration buckets of the `kind` (service, router)
    called `name`, and of those called `name_1`, `name_2`, ...: the further addresses of a slot."""
    started, counters = 0.0, {}
    named = re.compile(rf"{re.escape(name)}(_[0-9]+)?@file")
    wanted = {f"traefik_{kind}_{TOTAL}": TOTAL, f"traefik_{kind}_{BUCKET}": BUCKET}
    for one in _samples(text):
        if one.name == _STARTED:
            started = one.value
        elif one.name in wanted and named.fullmatch(one.labels.get(kind, "")):
            counters[wanted[one.name], frozenset(one.labels.items())] = one.value
    return MetricsSample(started, counters)


def _samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from family.samples

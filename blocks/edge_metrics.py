"""Live figures from the edge's own counters: what users got from one service, between two samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from blocks.tls import TRUSTED
from tidegate.errors import EdgeError
from tidegate.thresholds import LiveFigures, quantile

_TOTAL, _BUCKET = "requests_total", "request_duration_seconds_bucket"
_STARTED = "process_start_time_seconds"

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class MetricsSample:
    """The counters of one service or router at one moment. `started` tells a restarted edge from the same one."""

    started: float
    counters: Mapping[Series, float]


@dataclass(frozen=True)
class EdgeMetrics:
    """Reads `/metrics` on the edge's check address."""

    check_url: str
    timeout_seconds: float = 5

    def sample(self, *, service: str | None = None, router: str | None = None) -> MetricsSample:
        """Counters of a service or a router, by its name in the route file. Raises EdgeError."""
        kind, name = ("service", service) if service else ("router", router)
        return read_sample(self._text(), kind, f"{name}@file")

    def _text(self) -> str:
        doing = "reading the edge's metrics"
        try:
            answer = httpx.get(f"{self.check_url}/metrics", timeout=self.timeout_seconds, verify=TRUSTED, trust_env=False)
        except httpx.HTTPError as error:
            raise EdgeError(doing, type(error).__name__, "Look whether the edge runs", retryable=True) from None
        if answer.status_code != 200:
            raise EdgeError(doing, f"status {answer.status_code}", "Start the edge with its own routes", retryable=True)
        return answer.text


def read_sample(text: str, kind: str, name: str) -> MetricsSample:
    """Prometheus text -> the request counters and duration buckets of the `kind` (service, router) called `name`."""
    started, counters = 0.0, {}
    wanted = {f"traefik_{kind}_{_TOTAL}": _TOTAL, f"traefik_{kind}_{_BUCKET}": _BUCKET}
    for one in _samples(text):
        if one.name == _STARTED:
            started = one.value
        elif one.name in wanted and one.labels.get(kind) == name:
            counters[wanted[one.name], frozenset(one.labels.items())] = one.value
    return MetricsSample(started, counters)


def figures_between(before: MetricsSample, after: MetricsSample) -> LiveFigures:
    """What was counted between two samples; counters that began anew meanwhile count from zero."""
    grown = {series: _growth(before, after, series) for series in after.counters}
    totals = {labels: grow for (kind, labels), grow in grown.items() if kind == _TOTAL}
    return LiveFigures(
        requests=round(sum(totals.values())),
        errors=round(sum(grow for labels, grow in totals.items() if dict(labels)["code"].startswith("5"))),
        p95_seconds=quantile(0.95, _buckets(grown)))


def _samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from family.samples


def _growth(before: MetricsSample, after: MetricsSample, series: Series) -> float:
    now, was = after.counters[series], before.counters.get(series, 0.0)
    restarted = before.started != after.started or now < was
    return now if restarted else now - was


def _buckets(grown: Mapping[Series, float]) -> dict[float, float]:
    buckets: dict[float, float] = {}
    for (kind, labels), grow in grown.items():
        if kind == _BUCKET:
            bound = dict(labels)["le"]
            upper = math.inf if bound == "+Inf" else float(bound)
            buckets[upper] = buckets.get(upper, 0.0) + grow
    return buckets

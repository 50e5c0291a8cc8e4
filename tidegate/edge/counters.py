"""The edge's counters of one service at a moment, and what users got between two moments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.policy.thresholds import LiveFigures, quantile

TOTAL, BUCKET = "requests_total", "request_duration_seconds_bucket"
Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class MetricsSample:
    """The counters of one service or router at one moment. `started` tells a restarted edge from
    the same one."""

    started: float
    counters: Mapping[Series, float]


def figures_between(before: MetricsSample, after: MetricsSample) -> LiveFigures:
    """What was counted between two samples; counters that began anew meanwhile count from zero."""
    grown = {series: _growth(before, after, series) for series in after.counters}
    totals = {labels: grow for (kind, labels), grow in grown.items() if kind == TOTAL}
    return LiveFigures(
        requests=round(sum(totals.values())),
        errors=round(
            sum(grow for labels, grow in totals.items() if dict(labels)["code"].startswith("5"))
        ),
        p95_seconds=quantile(0.95, _buckets(grown)),
    )


def _growth(before: MetricsSample, after: MetricsSample, series: Series) -> float:
    now, was = after.counters[series], before.counters.get(series, 0.0)
    restarted = before.started != after.started or now < was
    return now if restarted else now - was


def _buckets(grown: Mapping[Series, float]) -> dict[float, float]:
    buckets: dict[float, float] = {}
    for (kind, labels), grow in grown.items():
        if kind == BUCKET:
            bound = dict(labels)["le"]
            upper = math.inf if bound == "+Inf" else float(bound)
            buckets[upper] = buckets.get(upper, 0.0) + grow
    return buckets

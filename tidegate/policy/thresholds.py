"""What the live figures after a switch say: ok, worse than before, or nothing. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tidegate.stack.showing import Watch

NOISE = 1.5
"""Figures that were bad before the release may vary this much before they count as a regression
(P70)."""


@dataclass(frozen=True)
class LiveFigures:
    """What the edge counted for one service over an interval: all answers, 5xx answers, 95th
    percentile in seconds."""

    requests: int
    errors: int
    p95_seconds: float | None
    """None when there was no request."""

    @property
    def error_ratio(self) -> float | None:
        """5xx answers / all answers, a share and not a rate (P106); None when there was no
        request."""
        return self.errors / self.requests if self.requests else None


@dataclass(frozen=True)
class Verdict:
    """`no_data` is not `worse`: with too few requests the smoke checks decide."""

    outcome: Literal["ok", "worse", "no_data"]
    reasons: tuple[str, ...]


def judge(figures: LiveFigures, baseline: LiveFigures | None, watch: Watch) -> Verdict:
    """Compare with `watch`'s limits; what was as bad in the `baseline` before the release is no
    regression."""
    if figures.requests < watch.least_requests:
        return Verdict(
            "no_data", (f"{figures.requests} requests, {watch.least_requests} are needed to judge",)
        )
    before = baseline if baseline and baseline.requests >= watch.least_requests else None
    reasons = (
        *_worse_errors(figures, before, watch.error_ratio),
        *_worse_p95(figures, before, watch.p95_seconds),
    )
    return Verdict("worse" if reasons else "ok", reasons)


def _worse_errors(
    figures: LiveFigures, before: LiveFigures | None, limit: float
) -> tuple[str, ...]:
    now, was = figures.error_ratio, before.error_ratio if before else None
    if now is None or now <= _allowed(limit, was):
        return ()
    return (
        f"{now:.1%} of the answers are 5xx (limit {limit:.1%}, "
        f"before the release {_shown(was, '.1%')})",
    )


def _worse_p95(figures: LiveFigures, before: LiveFigures | None, limit: float) -> tuple[str, ...]:
    now, was = figures.p95_seconds, before.p95_seconds if before else None
    if now is None or now <= _allowed(limit, was):
        return ()
    return (
        f"p95 is {now:.2f} s (limit {limit:.2f} s, before the release {_shown(was, '.2f', ' s')})",
    )


def _allowed(limit: float, was: float | None) -> float:
    return limit if was is None else max(limit, was * NOISE)


def _shown(was: float | None, form: str, unit: str = "") -> str:
    return "unknown" if was is None else f"{was:{form}}{unit}"


def quantile(share: float, buckets: Mapping[float, float]) -> float | None:
    """The `share` quantile of a histogram: upper bound -> cumulative count, the last bound
    infinite.

    Linear inside a bucket; above the last finite bound it is that bound, as Prometheus'
    `histogram_quantile`.
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0
    if total <= 0:
        return None
    rank = share * total
    lower, below = 0.0, 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= rank:
            return (
                lower if math.isinf(bound) else lower + (bound - lower) * _part(rank, below, count)
            )
        lower, below = bound, count
    return lower


def _part(rank: float, below: float, count: float) -> float:
    return (rank - below) / (count - below) if count > below else 1.0

"""When a run is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from prefect.client.schemas.objects import FlowRun

LEAST_SECONDS = 0.01


def start_of(run: FlowRun) -> datetime:
    return run.next_scheduled_start_time or run.expected_start_time or datetime.now(UTC)


def seconds_until_first(runs: Sequence[FlowRun], most_seconds: float) -> float:
    """Of those that come, and never longer than `most_seconds`."""
    now = datetime.now(UTC)
    waits = [max((start_of(run) - now).total_seconds(), LEAST_SECONDS) for run in runs]
    return min([most_seconds, *waits])

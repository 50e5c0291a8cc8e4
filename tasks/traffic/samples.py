"""The edge's counters as they were some minutes ago: what `watch/all` remembers between its
runs."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.frame.open_environment import OpenEnvironment
from tidegate.atomic_file import write_atomically
from tidegate.edge.counters import MetricsSample, figures_between
from tidegate.edge.routes import service_name
from tidegate.ledger.tables import Deployment
from tidegate.policy.thresholds import LiveFigures

WINDOW_SECONDS = 300.0
"""R27 asks for five minutes."""
LATE_SECONDS = 30.0
"""A scheduled run may be early or late by this much."""
MOST_SAMPLES = 20


@dataclass(frozen=True)
class Taken:
    """One service's counters at a moment, in seconds since the epoch."""

    at: float
    sample: MetricsSample


@dataclass(frozen=True)
class Memory:
    """What was seen of the deployment that serves; about another one nothing is remembered."""

    number: int
    samples: tuple[Taken, ...] = ()
    failed_in_a_row: int = 0
    """Looks whose smoke checks did not all pass."""
    worse_since: Mapping[str, datetime] = field(default_factory=dict)
    """Severity -> when it was first seen, while it lasts."""

    def with_sample(self, taken: Taken) -> Memory:
        recent = [one for one in self.samples if taken.at - one.at <= 2 * WINDOW_SECONDS]
        return replace(self, samples=(*recent, taken)[-MOST_SAMPLES:])


def take(env: OpenEnvironment, number: int, now: datetime) -> Taken:
    """The counters of one deployment's service at the edge. Raises EdgeError."""
    return Taken(
        now.timestamp(), env.visitors.counters(service_name(env.stack.name, env.name, number))
    )


def figures_of_window(memory: Memory, taken: Taken) -> LiveFigures | None:
    """Over the last five minutes; None until they were seen whole."""
    old = [
        one
        for one in memory.samples
        if WINDOW_SECONDS - LATE_SECONDS <= taken.at - one.at <= 2 * WINDOW_SECONDS
    ]
    return figures_between(old[-1].sample, taken.sample) if old else None


def recent_figures(env: OpenEnvironment, deployment: Deployment, now: datetime) -> LiveFigures:
    """Over the minutes that are remembered; where none are, or the slot serves for no longer, since
    its first request: the first look at a version may have come a moment ago."""
    taken = take(env, deployment.number, now)
    recent = [
        one
        for one in recall(env, deployment.number).samples
        if taken.at - one.at <= 2 * WINDOW_SECONDS
    ]
    is_new = deployment.switched_at is not None and now - deployment.switched_at <= timedelta(
        seconds=2 * WINDOW_SECONDS
    )
    before = recent[0].sample if recent and not is_new else MetricsSample(taken.sample.started, {})
    return figures_between(before, taken.sample)


@contextlib.contextmanager
def alone_with_memory(env: OpenEnvironment) -> Iterator[bool]:
    """Whether nobody else looks at this environment; the kernel gives the place back when a look
    dies."""
    place = _file(env).with_suffix(".lock")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def recall(env: OpenEnvironment, number: int) -> Memory:
    try:
        memory = _read(json.loads(_file(env).read_text(encoding="utf-8")))
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
    ):  # none yet, or not whole: what was seen before is not known
        return Memory(number)
    return memory if memory.number == number else Memory(number)


def keep(env: OpenEnvironment, memory: Memory) -> None:
    _file(env).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(_file(env), json.dumps(_written(memory)))


def _file(env: OpenEnvironment) -> Path:
    return env.settings.home / "watch" / f"{env.stack.name}_{env.name}.json"


def _written(memory: Memory) -> dict[str, Any]:
    return {
        "number": memory.number,
        "failed_in_a_row": memory.failed_in_a_row,
        "worse_since": {
            severity: since.isoformat() for severity, since in memory.worse_since.items()
        },
        "samples": [
            {
                "at": one.at,
                "started": one.sample.started,
                "counters": [
                    [kind, sorted(labels), value]
                    for (kind, labels), value in one.sample.counters.items()
                ],
            }
            for one in memory.samples
        ],
    }


def _read(written: dict[str, Any]) -> Memory:
    samples = tuple(
        Taken(
            one["at"],
            MetricsSample(
                one["started"],
                {
                    (kind, frozenset((name, value) for name, value in labels)): count
                    for kind, labels, count in one["counters"]
                },
            ),
        )
        for one in written["samples"]
    )
    since = {
        severity: datetime.fromisoformat(text) for severity, text in written["worse_since"].items()
    }
    return Memory(written["number"], samples, written["failed_in_a_row"], since)

"""Is anybody there who starts runs? Without a worker and an open work pool nothing is released,
recovered or watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tidegate.pages.texts import TEXTS

POOL = "tidegate"
BY_THEMSELVES = ("recover/all", "watch/all")
"""Deployments that must start without a person."""
BEATS_MISSED = 3
_BEAT_SECONDS = 30
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Attendance:
    """What the Prefect server says of those who start runs."""

    is_open: bool
    """Whether the work pool and its queue give runs away."""
    heard_at: datetime | None
    """When a worker was heard last; None where none ever was."""
    beat_seconds: float
    resting: tuple[str, ...]
    """Those of `BY_THEMSELVES` that nobody starts: paused, without a schedule, or not
    registered."""
    has_died: bool = False
    """Whether the worker of this machine is known to have ended, although it may have been heard a
    moment ago."""

    def is_heard(self, now: datetime) -> bool:
        late = timedelta(seconds=BEATS_MISSED * self.beat_seconds)
        return not self.has_died and self.heard_at is not None and now - self.heard_at < late


def attendance_of(
    pool: Json, queue: Json, workers: Sequence[Json], deployments: Mapping[str, Json | None]
) -> Attendance:
    """From what Prefect's API answers; a deployment that it does not know is None."""
    heard = {
        datetime.fromisoformat(one["last_heartbeat_time"]): one.get("heartbeat_interval_seconds")
        or _BEAT_SECONDS
        for one in workers
        if one.get("last_heartbeat_time")
    }
    newest = max(heard, default=None)
    return Attendance(
        is_open=not any(one["is_paused"] or one["concurrency_limit"] == 0 for one in (pool, queue)),
        heard_at=newest,
        beat_seconds=heard[newest] if newest else _BEAT_SECONDS,
        resting=tuple(
            name for name in BY_THEMSELVES if not _starts_by_itself(deployments.get(name))
        ),
    )


def absences(seen: Attendance | None, now: datetime, *, language: str, time_zone: str) -> list[str]:
    """One sentence for each thing that keeps runs from being started; `seen` is None where the
    server does not answer."""
    texts = TEXTS[language]
    if seen is None:
        return [texts["absent.server"]]
    heard = seen.heard_at and seen.heard_at.astimezone(ZoneInfo(time_zone))
    since = f"{heard:%Y-%m-%d %H:%M:%S} ({time_zone})" if heard else texts["never"]
    return [
        *([] if seen.is_open else [texts["absent.pool"]]),
        *([] if seen.is_heard(now) else [texts["absent.worker"].format(since=since)]),
        *(
            texts["absent.schedule"].format(name=name, what=texts[f"absent {name}"])
            for name in seen.resting
        ),
    ]


def _starts_by_itself(deployment: Json | None) -> bool:
    return (
        deployment is not None
        and not deployment["paused"]
        and any(one["active"] for one in deployment["schedules"])
    )

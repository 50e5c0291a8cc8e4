"""Whether anybody would start a run: what keeps one from being started is said, in both languages,
and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidegate.facts import Message
from tidegate.pages.messages import Speaker
from tidegate.policy.attendance import BY_THEMSELVES, absences, attendance_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GIVES = {"is_paused": False, "concurrency_limit": None}
STARTS = {"paused": False, "schedules": [{"active": True}]}
WELL: dict[str, Any] = {
    "pool": GIVES,
    "queue": GIVES,
    "deployments": dict.fromkeys(BY_THEMSELVES, STARTS),
    "workers": [{"last_heartbeat_time": "2026-03-01T11:59:30Z", "heartbeat_interval_seconds": 30}],
}


def said(language: str = "en", **changes: Any) -> list[str]:
    return absences(
        attendance_of(**{**WELL, **changes}), NOW, language=language, time_zone="Asia/Tokyo"
    )


def beat(seconds_ago: float, interval: int | None = 30) -> dict[str, Any]:
    return {
        "last_heartbeat_time": (NOW - timedelta(seconds=seconds_ago)).isoformat(),
        "heartbeat_interval_seconds": interval,
    }


def test_where_all_is_well_nothing_is_said() -> None:
    assert said() == []
    assert said(workers=[beat(1000), beat(10)]) == []  # one that was replaced is still known
    assert said(pool={**GIVES, "concurrency_limit": 5}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"pool": {**GIVES, "is_paused": True}},
        {"queue": {**GIVES, "is_paused": True}},
        {"pool": {**GIVES, "concurrency_limit": 0}},
        {"queue": {**GIVES, "concurrency_limit": 0}},
    ],
)
def test_a_pool_that_gives_nothing_away_is_named(changes: dict[str, Any]) -> None:
    [sentence] = said(**changes)
    assert sentence.startswith("The work pool is paused: ")


def test_a_worker_that_is_silent_for_three_beats_is_named_with_the_time_of_its_last() -> None:
    assert said(workers=[beat(89)]) == []
    [sentence] = said(workers=[beat(91)])
    assert "No worker is heard (last: 2026-03-01 20:58:29 (Asia/Tokyo))" in sentence
    assert "(last: never)" in said(workers=[])[0]
    assert (
        "(last: never)"
        in said(workers=[{"last_heartbeat_time": None, "heartbeat_interval_seconds": None}])[0]
    )
    assert said(workers=[beat(91, None)])
    assert said(workers=[beat(91, 60)]) == []


@pytest.mark.parametrize(
    "deployment",
    [
        None,
        {"paused": True, "schedules": [{"active": True}]},
        {"paused": False, "schedules": []},
        {"paused": False, "schedules": [{"active": False}]},
    ],
)
def test_what_nobody_starts_by_itself_is_named(deployment: dict[str, Any] | None) -> None:
    [sentence] = said(deployments={**WELL["deployments"], "watch/all": deployment})
    assert sentence.startswith(
        "watch/all is paused or has no schedule: nobody looks at production."
    )


def test_a_server_that_does_not_answer_is_the_only_thing_that_is_said() -> None:
    [sentence] = absences(None, NOW, language="en", time_zone="UTC")
    assert sentence.startswith("The Prefect server does not answer: ")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_red_message_says_that_nothing_recovers_or_watches(language: str) -> None:
    words = Speaker(language, "Shop", "Asia/Tokyo", {})
    red = words.needs_person("v1", "prod", "it fell")
    told = words.with_absences(
        red, attendance_of(**{**WELL, "pool": {**GIVES, "is_paused": True}}), NOW
    )
    assert told.body == "\n".join(
        [red.body, *(f"⚠️ {one}" for one in said(language, pool={**GIVES, "is_paused": True}))]
    )
    assert words.with_absences(red, attendance_of(**WELL), NOW) == red
    assert isinstance(told, Message)

"""What a look remembers of the edge's counters: the last minutes of the version that serves, and
nothing that is too old, too new or not whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.traffic.samples import (
    LATE_SECONDS,
    MOST_SAMPLES,
    WINDOW_SECONDS,
    Memory,
    Taken,
    alone_with_memory,
    figures_of_window,
    keep,
    recall,
    recent_figures,
)
from tidegate.edge.counters import TOTAL, MetricsSample
from tidegate.errors import EdgeError
from tidegate.ledger import Deployment
from tidegate.policy.thresholds import LiveFigures

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVICE = "shop_prod_7"


def taken(seconds_ago: float, requests: int, *, errors: int = 0) -> Taken:
    counters = {
        (TOTAL, frozenset({("code", code), ("service", SERVICE)})): float(count)
        for code, count in (("200", requests - errors), ("500", errors))
    }
    return Taken(NOW.timestamp() - seconds_ago, MetricsSample(1.0, counters))


@pytest.fixture
def env(tmp_path: Path) -> Any:
    def counters(service: str) -> MetricsSample:
        if service != SERVICE:
            raise EdgeError("reading", f"nothing of {service}", "Look at the edge")
        return taken(0, 1000, errors=10).sample

    return SimpleNamespace(
        settings=SimpleNamespace(home=tmp_path),
        stack=SimpleNamespace(name="shop"),
        name="prod",
        visitors=SimpleNamespace(counters=counters),
    )


def of_window(*samples: Taken) -> LiveFigures | None:
    return figures_of_window(Memory(7, samples), taken(0, 1000, errors=10))


def test_the_window_is_counted_from_its_beginning() -> None:
    seen = (taken(400, 100), taken(300, 400, errors=4), taken(60, 900))
    assert of_window(*seen) == LiveFigures(600, 6, None)


def test_nothing_is_said_until_the_window_was_seen_whole() -> None:
    assert of_window() is None
    assert of_window(taken(WINDOW_SECONDS - LATE_SECONDS - 1, 100)) is None
    assert of_window(taken(WINDOW_SECONDS - LATE_SECONDS, 100)) == LiveFigures(900, 10, None)


def test_a_sample_of_two_windows_ago_counts_and_an_older_one_does_not() -> None:
    assert of_window(taken(2 * WINDOW_SECONDS, 100)) == LiveFigures(900, 10, None)
    assert of_window(taken(2 * WINDOW_SECONDS + 1, 100)) is None


def test_what_is_older_than_two_windows_is_forgotten() -> None:
    memory = Memory(7, (taken(601, 1), taken(600, 2), taken(10, 3)), failed_in_a_row=2)
    newest = taken(0, 4)
    assert memory.with_sample(newest) == Memory(
        7, (taken(600, 2), taken(10, 3), newest), failed_in_a_row=2
    )


def test_no_more_samples_are_remembered_than_a_file_should_have() -> None:
    memory = Memory(7)
    for count in range(MOST_SAMPLES + 5):
        memory = memory.with_sample(taken(0, count))
    assert memory.samples[0] == taken(0, 5)
    assert len(memory.samples) == MOST_SAMPLES


def test_what_is_kept_is_remembered_by_the_next_look(env: Any) -> None:
    memory = Memory(7, (taken(60, 5), taken(0, 9)), 2, {"red": NOW})
    keep(env, memory)
    assert recall(env, 7) == memory
    assert recall(env, 8) == Memory(8)  # about another deployment nothing is known


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"samples": 1}', '{"samples": [{}]}'])
def test_a_memory_that_is_not_whole_is_none(env: Any, tmp_path: Path, text: str) -> None:
    assert recall(env, 7) == Memory(7)
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "shop_prod.json").write_text(text)
    assert recall(env, 7) == Memory(7)


def test_only_one_look_at_a_time_has_the_memory(env: Any) -> None:
    with alone_with_memory(env) as mine:
        assert mine
        with alone_with_memory(env) as too:
            assert not too
    with alone_with_memory(env) as again:
        assert again


def recent(env: Any, served_for: float | None) -> LiveFigures:
    switched = None if served_for is None else NOW - timedelta(seconds=served_for)
    return recent_figures(env, Deployment(number=7, switched_at=switched), NOW)


def test_recent_figures_are_those_of_the_minutes_that_are_remembered(env: Any) -> None:
    keep(env, Memory(7, (taken(601, 1), taken(600, 300), taken(60, 900))))
    assert recent(env, served_for=601).requests == 700
    assert recent(env, served_for=None).requests == 700
    keep(env, Memory(7, (taken(500, 400), taken(60, 900))))
    assert recent(env, served_for=601).requests == 600


def test_of_a_new_version_they_are_all_that_it_was_asked(env: Any) -> None:
    assert recent(env, served_for=5000) == LiveFigures(1000, 10, None)
    keep(env, Memory(7, (taken(60, 900),)))
    assert recent(env, served_for=600) == LiveFigures(1000, 10, None)

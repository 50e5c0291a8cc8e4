"""Waiting with a deadline: one look at least, and one when the time is over."""

from __future__ import annotations

import time

import pytest

from tidegate.waiting import looks, seconds_since, to_a_tenth


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, on a clock that moves by them alone."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def test_it_looks_at_once_and_again_when_the_time_is_over(clock: list[float]) -> None:
    assert [sum(clock) for _ in looks(2.5, 1)] == [0, 1, 2, 2.5]


def test_without_any_time_it_looks_once(clock: list[float]) -> None:
    assert [sum(clock) for _ in looks(0, 1)] == [0]
    assert clock == []


def test_what_is_seen_ends_the_wait(clock: list[float]) -> None:
    for _ in looks(60, 1):
        if sum(clock) >= 3:
            break
    assert clock == [1, 1, 1]


def test_how_long_it_took_is_told_to_a_tenth(clock: list[float]) -> None:
    begun = time.monotonic()
    time.sleep(3.14)
    assert seconds_since(begun) == 3.1
    assert to_a_tenth(0.26) == 0.3

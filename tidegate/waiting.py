"""Waiting with a deadline."""

from __future__ import annotations

import time
from collections.abc import Iterator


def to_a_tenth(seconds: float) -> float:
    """As people are told how long something took."""
    return round(seconds, 1)


def seconds_since(begun: float) -> float:
    """`begun` is of `time.monotonic`."""
    return to_a_tenth(time.monotonic() - begun)


def looks(seconds: float, pause_seconds: float) -> Iterator[None]:
    """One turn of a loop for each look: at once, then after each pause, the last one when `seconds`
    are over.

    A loop that ends without `break` or `return` has waited in vain.
    """
    end = time.monotonic() + seconds
    while True:
        yield
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(pause_seconds, left))

"""Time limits of steps that wait as long as the stack file says."""

from __future__ import annotations

from tidegate.stack.formats import MOST_WAIT_SECONDS

SPARE_SECONDS = 600
"""For all that a step does beside its waits."""
MOST_SLOTS = 3
"""That run at once: what serves, what is kept warm, and what a way back has left."""


def with_waits(number: int) -> int:
    """Seconds for a step that waits `number` times, each time as long as a stack file may say."""
    return number * MOST_WAIT_SECONDS + SPARE_SECONDS

"""How much of the tests a session runs: all that is marked `crash_only` belongs to `make crash`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Place = TypeVar("Place")

IS_WHOLE = os.environ.get("TIDEGATE_CRASH") == "whole"
"""As in `make crash`, which takes hours. `make test` leaves some out."""


def some_of(places: Sequence[Place]) -> list[Place]:
    """All of them in `make crash`; the first, the middle and the last one in `make test`."""
    if IS_WHOLE:
        return [*places]
    last = len(places) - 1
    return [places[number] for number in sorted({0, (last + 1) // 2, last})]

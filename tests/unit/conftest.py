"""What unit tests share. Property tests have no deadline: how long an example takes says something
about the machine, not about the rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.unit.ledger_parts import Clock, open_ledger
from tidegate.ledger import Ledger

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with open_ledger(tmp_path, clock) as ledger:
        yield ledger

"""What the crash tests share. Stopping the engine takes every container of the machine down, so it
must be asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.crash import whole
from tests.crash.beating import add_beat
from tests.crash.made import everything_made
from tests.e2e.notices import notices_of
from tests.e2e.releases import released
from tests.extent import IS_WHOLE
from tests.installation import RAFT, Installation

collect_ignore = [] if os.environ.get("TIDEGATE_STOP_ENGINE") == "yes" else ["test_engine_stops.py"]


BEFORE = ("v1.0.0", "v1.1.0") if IS_WHOLE else ("v1.1.0",)
"""Who goes back in `make test` has released another version first."""


@pytest.fixture(scope="package")
def versions(tidegate: Installation) -> Iterator[str]:
    """Whatever is made from here on is counted, and whoever is told is heard."""
    add_beat(tidegate.settings.stacks / RAFT)
    with notices_of(tidegate, RAFT) as texts, everything_made(RAFT, texts) as whole.made:
        for version in BEFORE:
            state = released(stack=RAFT, version=version, watch_seconds=1)
            assert state.is_completed(), state.message
        yield RAFT
    tidegate.retire(RAFT)


@pytest.fixture
def serving(tidegate: Installation, versions: str) -> Iterator[str]:
    """A stack of which versions were good. What a test put on hold, by a rollback or a watch,
    the next one needs."""
    yield versions
    holds = tidegate.ledger.holds
    for hold in holds.active(versions):
        holds.lift(versions, hold.commit, lifted_by="the next test", reason="the crash tests go on")

"""What the crash tests share. Stopping the engine takes every container of the machine down, so it must be asked for."""

from __future__ import annotations

import os

import pytest

from tests.e2e.releases import released
from tests.installation import RAFT, Installation

collect_ignore = [] if os.environ.get("TIDEGATE_STOP_ENGINE") == "yes" else ["test_engine_stops.py"]


@pytest.fixture(scope="session")
def serving(tidegate: Installation) -> str:
    """A stack of which two versions were good."""
    for version in ("v1.0.0", "v1.1.0"):
        state = released(stack=RAFT, version=version, watch_seconds=1)
        assert state.is_completed(), state.message
    return RAFT

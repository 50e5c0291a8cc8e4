"""The whole path on real parts."""

from __future__ import annotations

import pytest

from cli.demo_traffic import SteadyClient
from tests.e2e.releases import released
from tests.installation import SHOP, Installation, domain_of

LONG_SECONDS = 10


@pytest.fixture(scope="module")
def shop(tidegate: Installation) -> str:
    """A stack that serves v1.0.0 in staging and production."""
    state = released(stack=SHOP, version="v1.0.0", watch_seconds=1, requested_by="tester")
    assert state.is_completed(), state.message
    return SHOP


def test_a_release_replaces_the_old_version_without_a_lost_request(tidegate: Installation, shop: str) -> None:
    with SteadyClient("prod", tidegate.plane.edge_url, domain_of(shop, "prod"), LONG_SECONDS) as client:
        state = released(stack=shop, version="v1.1.0", watch_seconds=5, requested_by="tester")
    assert state.is_completed(), state.message
    assert tidegate.get(domain_of(shop, "prod")).json()["version"] == "v1.1.0"
    assert client.figures.total > 100
    assert client.figures.failed == 0, client.faults
    assert [one.state.value for one in tidegate.history(shop)] == ["good", "superseded"]
    assert tidegate.ledger.audit.verify() is None

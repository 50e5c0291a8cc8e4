"""A release in memory, and what serves after it."""

from __future__ import annotations

from flows.release import release
from tests.flows.asking import asked
from tests.flows.installation import Installation
from tests.flows.prefect_memory import Run
from tidegate.ledger.tables import Deployment


def told(made: Installation, version: str, environment: str = "prod") -> Run:
    """What the run of a release to `environment` tells."""
    return made.prefect.start(release, **asked(version, environment=environment))


def now(made: Installation, environment: str = "prod") -> Deployment:
    """What serves. Fails the test where nothing does."""
    found = made.ledger.deployments.current("shop", environment)
    assert found is not None
    return found

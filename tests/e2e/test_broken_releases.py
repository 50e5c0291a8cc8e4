"""Ten broken versions, one after the other, released to a production that people use: the old
version serves throughout."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile

import pytest

from blocks.probes.witness import TrafficWitness
from tests.e2e.in_process import (
    PATIENCE_SECONDS,
    assert_true_and_clean,
    database_of,
    nothing_left_of,
    release_here,
    roll_back_here,
    serving,
    set_start_budget,
)
from tests.extent import IS_WHOLE
from tests.installation import BARGE, Installation, domain_of
from tidegate.ledger.journal import Journal
from tidegate.ledger.tables import Deployment
from tidegate.pages.fault_words import ZH

BUDGET_SECONDS = 180
"""What the slow one needs; the others are quicker."""
SHORT_BUDGET_SECONDS = 12
NO_WATCH_SECONDS = 1
SEARCH = "/api/bills?month=2026-01"
CHECKS_FAIL = pytest.mark.crash_only(
    "tests/integration/test_smoke.py; tests/flows/stories.py: a version that fails its checks"
)
BEFORE = ("v1.0.0", "v1.1.0") if IS_WHOLE else ("v1.1.0",)
"""What was released before; the first one is gone back to in `make crash` alone."""


@dataclass(frozen=True)
class Broken:
    """A version, how its deployment ends, and what the run's state says about it."""

    version: str
    ends: str
    says: tuple[str, ...]
    budget_seconds: int = BUDGET_SECONDS
    watch_seconds: int = NO_WATCH_SECONDS
    marks: tuple[pytest.MarkDecorator, ...] = ()


BROKEN = (
    Broken(
        "v1.2.0-never-healthy",
        "failed",
        (
            "UnhealthyError",
            "not healthy within its start budget",
            "health check said: HTTP/1.1 503",
        ),
        SHORT_BUDGET_SECONDS,
        marks=(
            pytest.mark.crash_only(
                "tests/e2e/test_in_place.py: one that dies; tests/flows/stories.py: never healthy"
            ),
        ),
    ),
    Broken(
        "v1.2.1-api-500",
        "failed",
        ("SmokeError", "账单内容", "500"),
        marks=(CHECKS_FAIL,),
    ),
    Broken(
        "v1.2.2-empty-data",
        "failed",
        ("SmokeError", "账单内容", "items.0.id"),
        marks=(CHECKS_FAIL,),
    ),
    Broken(
        "v1.2.3-crash-at-start",
        "failed",
        ("UnhealthyError", "its process ended", "CLOUDLENS_LICENSE_KEY"),
        marks=(
            pytest.mark.crash_only(
                "as the first one, but that it is seen at once: tests/unit/test_dead_containers.py"
            ),
        ),
    ),
    Broken(
        "v1.2.4-crash-after-switch",
        "rolled_back",
        ("RegressionError", "restarted"),
        watch_seconds=60,
    ),
    Broken(
        "v1.2.5-migration-fails",
        "failed",
        ("MigrationError", "idx_bills_month"),
        marks=(
            pytest.mark.crash_only(
                "tests/integration/test_migrator.py: a statement that fails; tests/flows/test_failures.py"
            ),
        ),
    ),
    Broken(
        "v1.2.9-turns-bad",
        "rolled_back",
        ("RegressionError",),
        watch_seconds=90,
        marks=(
            pytest.mark.crash_only(
                "tests/integration/test_live_figures.py; tests/flows: a version that serves badly"
            ),
        ),
    ),
)


@pytest.fixture(scope="module")
def barge(tidegate: Installation) -> Iterator[str]:
    """Production alone, on v1.1.0."""
    set_start_budget(tidegate, BARGE, BUDGET_SECONDS)
    for version in BEFORE:
        state = release_here(BARGE, version)
        assert state.is_completed(), state.message
    yield BARGE
    tidegate.retire(BARGE)


@pytest.fixture(scope="module")
def visitors(tidegate: Installation, barge: str) -> Iterator[TrafficWitness]:
    """20 requests a second from the first broken version to the last good one."""
    with TrafficWitness(
        tidegate.plane.edge_url,
        domain_of(barge, "prod"),
        "/health",
        timeout_seconds=PATIENCE_SECONDS,
    ) as visitors:
        yield visitors


@pytest.fixture
def nobody_lost(visitors: TrafficWitness) -> Iterator[None]:
    """Fails the test that loses one."""
    total, lost = visitors.figures().total, visitors.figures().failed
    yield
    figures = visitors.figures()
    assert figures.total > total
    assert figures.failed == lost, visitors.failures()


@pytest.fixture
def searchers(tidegate: Installation, barge: str, broken: Broken) -> Iterator[None]:
    """People who use what turns bad, from when it is watched: a version that is not is used by
    nobody."""
    watched = Journal.key("prod", barge, newest(tidegate).number + 1, "watch")
    over = threading.Event()

    def search() -> None:
        while not tidegate.ledger.journal.get(watched):
            if over.wait(0.2):
                return
        with TrafficWitness(tidegate.plane.edge_url, domain_of(barge, "prod"), SEARCH):
            over.wait()

    if broken.watch_seconds == NO_WATCH_SECONDS:
        yield
        return
    with ThreadPoolExecutor(1) as people:
        searching = people.submit(search)
        try:
            yield
        finally:
            over.set()
    searching.result()


def newest(tidegate: Installation) -> Deployment:
    return tidegate.history(BARGE)[0]


def current(tidegate: Installation) -> Deployment:
    found = tidegate.ledger.deployments.current(BARGE, "prod")
    assert found is not None
    return found


def schema(tidegate: Installation) -> tuple[str | None, dict[str, int]]:
    """Revision, and rows per table."""
    database = database_of(tidegate, BARGE)
    return database.revision(), dict(database.row_counts())


@pytest.mark.usefixtures("nobody_lost", "searchers")
@pytest.mark.parametrize(
    "broken", [pytest.param(one, id=one.version, marks=one.marks) for one in BROKEN]
)
def test_a_broken_version_ends_with_the_old_one_serving_and_nobody_lost(
    tidegate: Installation, barge: str, broken: Broken
) -> None:
    set_start_budget(tidegate, barge, broken.budget_seconds)
    before, database = current(tidegate), schema(tidegate)
    state = release_here(barge, broken.version, watch_seconds=broken.watch_seconds)
    assert state.is_failed()
    for said in broken.says:
        assert ZH.get(said, said) in (state.message or "")
    failed = newest(tidegate)
    assert (failed.version, failed.state.value) == (broken.version, broken.ends)
    assert failed.reason
    assert nothing_left_of(tidegate, failed.slot)
    assert schema(tidegate) == database
    assert_true_and_clean(tidegate, barge, before)

    again = release_here(barge, broken.version)
    assert again.is_failed()
    assert ZH["HeldError"] in (again.message or "")
    assert "it is on hold since" in (again.message or "")
    assert newest(tidegate).id == failed.id


@pytest.mark.crash_only("tests/integration/test_migrator.py: two heads are named with the cure")
@pytest.mark.usefixtures("nobody_lost")
def test_two_heads_are_refused_by_the_plan_before_anything_is_opened(
    tidegate: Installation, barge: str
) -> None:
    before = newest(tidegate)
    state = release_here(barge, "v1.2.6-two-heads")
    assert state.is_failed()
    assert "more than one head" in (state.message or "")
    assert "alembic merge" in (state.message or "")
    assert newest(tidegate).id == before.id
    assert_true_and_clean(tidegate, barge, current(tidegate))


@pytest.mark.crash_only("tests/unit/test_targets.py: what failed is not counted")
@pytest.mark.usefixtures("nobody_lost")
def test_after_ten_broken_releases_in_a_row_the_last_good_ones_are_in_reach(
    tidegate: Installation, barge: str
) -> None:
    lift_all(tidegate)
    for version in ("v1.2.1-api-500", "v1.2.2-empty-data", "v1.2.3-crash-at-start"):
        assert release_here(barge, version).is_failed()
    broken = takewhile(
        lambda one: one.state.value in ("failed", "rolled_back"), tidegate.history(barge)
    )
    assert len(list(broken)) >= 10

    state = roll_back_here(barge)
    assert state.is_completed(), state.message
    assert serving(tidegate, barge)[0] == "v1.0.0"
    lift_all(tidegate)
    state = release_here(barge, "v1.1.0")
    assert state.is_completed(), state.message
    assert_true_and_clean(tidegate, barge, newest(tidegate))


def lift_all(tidegate: Installation) -> None:
    for hold in tidegate.ledger.holds.active(BARGE):
        tidegate.ledger.holds.lift(BARGE, hold.commit, lifted_by="tester")


@pytest.mark.crash_only("it waits for 40 s")
@pytest.mark.usefixtures("nobody_lost")
def test_a_slow_start_within_its_budget_is_no_failure(tidegate: Installation, barge: str) -> None:
    set_start_budget(tidegate, barge, BUDGET_SECONDS)
    state = release_here(barge, "v1.2.8-slow-start")
    assert state.is_completed(), state.message
    assert_true_and_clean(tidegate, barge, newest(tidegate))


@pytest.mark.crash_only("tests/flows/test_afterwards.py")
@pytest.mark.usefixtures("nobody_lost")
def test_a_good_version_after_all_the_broken_ones_needs_no_manual_step(
    tidegate: Installation, barge: str
) -> None:
    state = release_here(barge, "v1.4.0")
    assert state.is_completed(), state.message
    assert serving(tidegate, barge) == ("v1.4.0", newest(tidegate).number)
    assert_true_and_clean(tidegate, barge, newest(tidegate))

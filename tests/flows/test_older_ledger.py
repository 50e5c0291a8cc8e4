"""An older copy of the ledger is put in its place: what was released meanwhile is unknown to it, and
is met by nobody."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from flows.release import release
from tests.flows.asking import answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import serving
from tests.flows.stories import Story, settle

SERVICES = ("web", "worker", "beat")
MEANWHILE = ("v1.0.1", "v1.1.0", "v1.1.1")


def copy_ledger(made: Installation) -> None:
    made.close()
    with (
        closing(sqlite3.connect(made.home / "ledger.db")) as now,
        closing(sqlite3.connect(made.home / "copy.db")) as copy,
    ):
        now.backup(copy)


def put_back(made: Installation) -> None:
    """As docs/operations.md says it."""
    made.close()
    (made.home / "copy.db").replace(made.home / "ledger.db")
    for end in ("-wal", "-shm"):
        (made.home / f"ledger.db{end}").unlink(missing_ok=True)


@pytest.fixture
def made(library: Library) -> Installation:
    """#1 is all that the ledger knows; #4 serves."""
    made = library.begin(Story("an older ledger", release, {}))
    made.prefect.answer = answering("approve")
    copy_ledger(made)
    for version in MEANWHILE:
        assert made.prefect.start(release, **asked(version)).state.is_completed()
    put_back(made)
    made.world.moments.begin_anew()
    return made


def test_a_release_meets_no_slot_backup_or_fence_that_the_ledger_has_forgotten(
    made: Installation,
) -> None:
    served = made.world.edge.route("shop", "prod")
    assert served is not None
    state = made.prefect.start(release, **asked("v1.2.0")).state
    assert state.is_completed(), state.message
    assert serving(made) == {"prod": 5}
    now = made.world.edge.route("shop", "prod")
    assert now is not None
    assert (now.targets[0].url, now.fence) == ("http://shop-prod-5-web:8000", served.fence + 1)
    assert settle(made) == []
    running = {
        one.name for one in made.world.engine.containers_by_name.values() if one.state == "running"
    }
    assert running == {"shop-prod-db-1", *(f"shop-prod-5-{one}-5-1" for one in SERVICES)}


def test_the_schema_is_migrated_behind_a_backup_of_its_own(made: Installation) -> None:
    assert made.prefect.start(release, **asked("v1.2.0")).state.is_completed()
    changes = [one.partition(": ")[2] for one in made.world.moments.changes]
    saved = changes.index("backup shop-prod-5-5 was sealed")
    assert saved < changes.index("shop-prod is at 0003")


def test_what_waited_then_is_not_begun_under_a_number_that_served_since(
    library: Library,
) -> None:
    """It is undecided again, as the older ledger says."""
    made = library.begin(Story("an older ledger", release, {}, with_staging=True))
    made.prefect.answer = None
    waiting = made.prefect.start(release, **asked("v1.0.1"))
    copy_ledger(made)
    made.prefect.answer = answering("approve")
    assert made.prefect.start(release, run=waiting.id, **asked("v1.0.1")).state.is_completed()
    put_back(made)
    before = made.world.edge.route("shop", "prod")
    run = made.prefect.start(release, run=waiting.id, **asked("v1.0.1"))
    assert run.state.is_failed()
    assert "this ledger is older than they are" in str(run.state.message)
    assert made.world.edge.route("shop", "prod") == before

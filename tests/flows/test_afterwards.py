"""What people ask for next, after something went wrong: nobody has to clear up first."""

from __future__ import annotations

import shutil
from dataclasses import replace

from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from tests.flows.asking import RESTORE, ROLLBACK, answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults, serving
from tests.flows.stories import TWO, Story, settle
from tidegate.ledger.tables import Deployment
from tidegate.pages.texts import TEXTS

BROKEN = ("v2.0.0", "v2.0.3", "v2.0.2", "v2.1.0", "v2.2.0")
"""Not healthy, its scheduler not, bad for visitors, bad checks, these with a migration to take back."""


def begun(library: Library, *before: str) -> Installation:
    made = library.begin(Story("what comes next", release, {}, before=before))
    made.prefect.answer = answering("approve")
    return made


def now(made: Installation) -> Deployment:
    found = made.ledger.deployments.current("shop", "prod")
    assert found is not None
    return found


def test_a_good_version_after_broken_ones_needs_no_manual_step(library: Library) -> None:
    made = begun(library, "v1.0.0")
    began = serving(made)
    for version in BROKEN:
        failed = made.prefect.start(release, **asked(version, watch_seconds=2)).state
        assert failed.is_failed(), version
        again = made.prefect.start(release, **asked(version)).state
        assert "it is on hold since" in str(again.message)
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_completed(), state.message
    assert (now(made).version, len(made.ledger.deployments.history("shop", "prod"))) == (
        "v1.1.0",
        1 + len(BROKEN) + 1,
    )
    assert [*settle(made), *faults(made, began)] == []


def test_a_version_that_is_dead_is_left_all_the_same(library: Library) -> None:
    made = begun(library, *TWO)
    began, engine = serving(made), made.world.engine
    for one in engine.projects("shop", "prod")[now(made).slot]:
        engine.containers_by_name[one.name] = replace(one, state="exited")
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_completed(), state.message
    assert now(made).version == "v1.0.0"
    assert [*settle(made), *faults(made, began)] == []


def test_a_change_the_old_version_cannot_live_with_is_taken_back_where_the_data_fit(
    library: Library,
) -> None:
    made = begun(library, "v1.3.0", "v1.4.0")
    began, database = serving(made), made.world.databases.of("shop-prod")
    database.content = replace(database.content, misfits=1)
    refused = made.prefect.start(rollback, **ROLLBACK).state
    assert "notes are short: not so in 1 row" in str(refused.message)
    assert (now(made).version, database.content.revision) == ("v1.4.0", "0005")
    database.content = replace(database.content, misfits=0)
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_completed(), state.message
    assert (now(made).version, database.content.revision) == ("v1.3.0", "0004")
    assert [*settle(made), *faults(made, began)] == []


def test_what_was_there_before_a_restore_is_kept_and_can_be_put_back(library: Library) -> None:
    made = begun(library, "v1.0.0", "v1.1.0")
    database = made.world.databases.of("shop-prod")
    database.content = replace(database.content, rows={**database.content.rows, "bills": 4})
    assert made.prefect.start(restore, **RESTORE).state.is_completed()
    assert (now(made).version, made.world.content("shop-prod").rows["bills"]) == ("v1.0.0", 3)
    for hold in made.ledger.holds.active("shop"):
        made.ledger.holds.lift("shop", hold.commit, lifted_by="Mei")
    kept = made.ledger.backups.newest_verified("shop", "prod")
    assert kept is not None
    state = made.prefect.start(restore, **{**RESTORE, "backup": kept.id}).state
    assert state.is_completed(), state.message
    assert (now(made).version, made.world.content("shop-prod").rows["bills"]) == ("v1.1.0", 4)
    assert settle(made) == []


def test_a_way_back_is_open_where_what_was_planned_with_is_gone(library: Library) -> None:
    """The folder as it is now stands for it, and what is told says so."""
    made = begun(library, *TWO)
    began, told = serving(made), made.world.notifier("team").sent
    told.clear()
    for one in (made.home / "sealed").iterdir():
        shutil.rmtree(one)
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_completed(), state.message
    assert now(made).version == "v1.0.0"
    assert TEXTS["en"]["configuration lost"] in told[-1].body
    assert [*settle(made), *faults(made, began)] == []

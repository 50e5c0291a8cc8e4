"""A way back that did not arrive: what a person is told to do next reaches the version before."""

from __future__ import annotations

from typing import Any

import pytest

from flows.base import base
from flows.lift_hold import lift_hold
from flows.recover import recover
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import BASE, ROLLBACK, answering, asked
from tests.flows.beginnings import edit_database
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults
from tests.flows.stories import Story, settle
from tests.world.data import MemoryMigrator
from tidegate.errors import DatabaseError, MigrationError, TidegateError
from tidegate.policy.states import DeploymentState as S

SILENT = DatabaseError("asking main", "the server does not answer", "Start it", retryable=True)
LOCKED = MigrationError("going down", "lock wait timeout", "Wait", retryable=True)
TWO = ("v1.0.0", "v1.1.0")


@pytest.fixture
def begun(library: Library) -> Installation:
    """v1.1.0 serves. v2.2.0 needs a downgrade when its checks fail."""
    made = library.begin(Story("a way back that does not arrive", release, {}, before=TWO))
    made.prefect.answer = answering("approve")
    return made


def break_downgrades(patch: pytest.MonkeyPatch, error: TidegateError, times: int = 1) -> list[str]:
    """The first ones of a way back fail, and none of a rehearsal; each that begins is noted."""
    whole, noted = MemoryMigrator.downgrade, list[str]()

    def downgrade(self: MemoryMigrator, state: str) -> None:
        if "downgrade-schema" in self.engine.moments.step:
            noted.append(state)
            if len(noted) <= times:
                raise error
        whole(self, state)

    patch.setattr(MemoryMigrator, "downgrade", downgrade)
    return noted


def serves(made: Installation) -> tuple[str, str | None]:
    """The version, and where its schema is."""
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    return now.version, made.world.databases.of("shop-prod").content.revision


def state_of(made: Installation, number: int) -> S:
    return made.ledger.deployments.by_number("shop", "prod", number).state


def test_a_database_that_is_silent_once_is_asked_again(begun: Installation) -> None:
    moments, silent = begun.world.moments, list[str]()

    def fails(number: int, name: str) -> Exception | None:
        if "downgrade-schema" not in moments.step or silent:
            return None
        silent.append(name)
        return SILENT

    moments.fails = fails
    begun.prefect.start(release, **asked("v2.2.0"))
    assert silent
    assert state_of(begun, 3) is S.FAILED
    assert serves(begun) == ("v1.1.0", "0002")
    assert [*settle(begun), *faults(begun, {"prod": 2})] == []


@pytest.mark.parametrize("error", [LOCKED, SILENT])
def test_a_downgrade_that_failed_is_not_begun_again_until_a_person_says_so(
    begun: Installation, monkeypatch: pytest.MonkeyPatch, error: TidegateError
) -> None:
    """It may have been cut in two. Then the rollback that the message names ends it, and goes no
    further back."""
    downgrades = break_downgrades(monkeypatch, error)
    run = begun.prefect.start(release, **asked("v2.2.0"))
    assert (state_of(begun, 3), len(downgrades)) == (S.ROLLBACK_FAILED, 1)
    assert "start `rollback/prod`: it goes on to the version before" in str(run.state.message)
    assert begun.prefect.start(recover).state.is_completed()
    assert len(downgrades) == 1
    run = begun.prefect.start(rollback, **ROLLBACK)
    assert run.state.is_completed(), run.state.message
    assert serves(begun) == ("v1.1.0", "0002")
    assert state_of(begun, 3) is S.FAILED
    assert [*settle(begun), *faults(begun, {"prod": 3})] == []


@pytest.mark.parametrize("asked_for", [{}, {"to": "v1.1.0"}, {"to": "#2"}])
def test_the_version_that_serves_can_be_named_while_another_is_left_half_way_above_it(
    begun: Installation, monkeypatch: pytest.MonkeyPatch, asked_for: dict[str, Any]
) -> None:
    """Also when that rollback failed once itself."""
    break_downgrades(monkeypatch, LOCKED, times=2)
    begun.prefect.start(release, **asked("v2.2.0"))
    assert begun.prefect.start(rollback, **{**ROLLBACK, **asked_for}).state.is_failed()
    assert state_of(begun, 4) is S.ROLLBACK_FAILED
    run = begun.prefect.start(rollback, **{**ROLLBACK, **asked_for})
    assert run.state.is_completed(), run.state.message
    assert serves(begun) == ("v1.1.0", "0002")
    assert [*settle(begun), *faults(begun, {"prod": 4})] == []


def test_two_versions_back_from_one_that_was_left_half_way_the_newest_image_goes_down(
    begun: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No older one knows the schema as it is."""
    break_downgrades(monkeypatch, LOCKED)
    begun.prefect.start(release, **asked("v2.2.0"))
    run = begun.prefect.start(rollback, **{**ROLLBACK, "steps_back": 2})
    assert run.state.is_completed(), run.state.message
    assert serves(begun) == ("v1.0.0", "0002")
    assert [*settle(begun), *faults(begun, {"prod": 3})] == []


def test_a_rollback_whose_downgrade_failed_is_started_again_and_arrives(
    begun: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun.prefect.start(release, **asked("v1.2.0"))
    break_downgrades(monkeypatch, LOCKED)
    assert begun.prefect.start(rollback, **ROLLBACK).state.is_failed()
    assert (state_of(begun, 4), serves(begun)) == (S.ROLLBACK_FAILED, ("v1.2.0", "0003"))
    run = begun.prefect.start(rollback, **ROLLBACK)
    assert run.state.is_completed(), run.state.message
    assert serves(begun) == ("v1.1.0", "0002")
    assert [*settle(begun), *faults(begun, {"prod": 4})] == []


def test_a_version_whose_migration_a_rollback_took_back_is_not_gone_back_to(
    library: Library,
) -> None:
    """A rollback migrates nothing: the version would run on a schema that lacks what it needs."""
    made = library.begin(Story("back and forth", rollback, {}, before=("v1.1.0", "v1.2.0")))
    made.prefect.start(rollback, **ROLLBACK)
    assert serves(made) == ("v1.1.0", "0002")
    made.prefect.answer = answering("approve")
    lifted: dict[str, Any] = {
        "stack": "shop",
        "version": "v1.2.0",
        "reason": "it was the data",
        "lifted_by": "Mei",
    }
    made.prefect.start(lift_hold, **lifted)
    run = made.prefect.start(rollback, **{**ROLLBACK, "to": "v1.2.0"})
    assert "#3 has taken back the database change of #2 v1.2.0" in str(run.state.message)
    assert (state_of(made, 4), serves(made)) == (S.REJECTED, ("v1.1.0", "0002"))
    made.prefect.start(release, **asked("v1.2.0"))
    assert serves(made) == ("v1.2.0", "0003")
    assert [*settle(made), *faults(made, {"prod": 3})] == []


def test_a_change_of_base_services_does_not_end_what_was_left_half_way(
    begun: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be what lets the downgrade work. No rollback could take the schema back after it."""
    break_downgrades(monkeypatch, LOCKED)
    begun.prefect.start(release, **asked("v2.2.0"))
    edit_database(command=["--max-connections=300"])(begun)
    assert begun.prefect.start(base, **BASE).state.is_completed()
    assert (state_of(begun, 3), state_of(begun, 4)) == (S.ROLLBACK_FAILED, S.GOOD)
    run = begun.prefect.start(rollback, **ROLLBACK)
    assert run.state.is_completed(), run.state.message
    assert serves(begun) == ("v1.1.0", "0002")
    assert state_of(begun, 3) is S.FAILED
    assert [*settle(begun), *faults(begun, {"prod": 4})] == []

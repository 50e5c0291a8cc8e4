"""Recovery gives back the lock of a dead run that has nothing left to do, and no other."""

from pathlib import Path

import pytest

from tasks.back.recovery import give_back_locks
from tests.unit.ledger_parts import PATH_TO, Clock, deploy, open_ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings

LONG_AGO_SECONDS, FOR_EVER_SECONDS = 60, 1e9


@pytest.mark.parametrize(
    ("state", "ttl_seconds", "given_back"),
    [
        (S.FAILED, LONG_AGO_SECONDS, True),
        (S.FAILED, FOR_EVER_SECONDS, False),  # its heart may still beat
        (S.CHANGING, LONG_AGO_SECONDS, False),  # it is put back first, under this lock
        (S.GOOD, LONG_AGO_SECONDS, False),
    ],
)  # it is cleared up behind first
def test_only_a_silent_owner_that_has_ended_loses_its_lock(
    tmp_path: Path, state: S, ttl_seconds: float, given_back: bool
) -> None:
    with open_ledger(tmp_path, Clock()) as ledger:  # whose clock stands in the past
        owner = deploy(ledger, state=state)
        ledger.locks.acquire(owner.stack, owner.environment, owner.key, ttl_seconds=ttl_seconds)
        said = give_back_locks(Settings(home=tmp_path))
        assert (bool(said.good), said.faulty) == (given_back, ())
        assert bool(ledger.locks.holders()) is not given_back


@pytest.mark.parametrize("left", [S.NEEDS_PERSON, S.ROLLBACK_FAILED])
def test_what_is_left_to_a_person_holds_no_lock(tmp_path: Path, left: S) -> None:
    with open_ledger(tmp_path, Clock()) as ledger:
        owner = deploy(ledger, state=S.CHANGING)
        for one in (S.ROLLING_BACK, left):
            ledger.deployments.move(owner.id, one, reason="test", actor="mei")
        ledger.locks.acquire(owner.stack, owner.environment, owner.key, LONG_AGO_SECONDS)
        assert [*give_back_locks(Settings(home=tmp_path)).good] == ["cloudlens prod"]


@pytest.mark.parametrize(("state", "given_back"), [(S.GOOD, True), (S.CHANGING, False)])
def test_a_restore_that_is_good_has_nothing_left_to_do(
    tmp_path: Path, state: S, given_back: bool
) -> None:
    with open_ledger(tmp_path, Clock()) as ledger:
        first = deploy(ledger)
        owner = ledger.deployments.open(
            key="restore/run-9/prod",
            release_id=first.release_id,
            environment="prod",
            requested_by="mei",
            run_id="run-9",
            kind="restore",
            origin_id=first.id,
        )
        for one in PATH_TO[state]:
            ledger.deployments.move(owner.id, one, reason="test", actor="mei")
        ledger.locks.acquire(owner.stack, owner.environment, owner.key, LONG_AGO_SECONDS)
        assert bool(give_back_locks(Settings(home=tmp_path)).good) is given_back


def test_the_lock_of_somebody_who_is_no_deployment_is_left_alone(tmp_path: Path) -> None:
    with open_ledger(tmp_path, Clock()) as ledger:
        deploy(ledger)
        ledger.locks.acquire("cloudlens", "prod", "tidegate upgrade", LONG_AGO_SECONDS)
        assert give_back_locks(Settings(home=tmp_path)).good == {}

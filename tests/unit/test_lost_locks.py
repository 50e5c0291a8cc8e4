"""Recovery gives back the lock of a dead run that has nothing left to do, and no other."""

from pathlib import Path

import pytest

from tasks.back.recovery import give_back_locks
from tests.unit.ledger_parts import Clock, deploy, open_ledger
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

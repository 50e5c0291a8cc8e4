"""SIGKILL at every step, under traffic. After the recovery: wholly old or wholly new, lock free, nothing done twice."""

from __future__ import annotations

import time
from uuid import UUID

import pytest

from tests.crash.killing import kill_run, wait_for_step
from tests.crash.matrix import MIGRATING, THEN_BROKEN, Case, cases
from tests.crash.rows import Row, keep
from tests.crash.whole import OTHER, assert_whole, recovered, serving_version, steady
from tests.e2e.in_process import database_of
from tests.e2e.releases import ended, released, start
from tests.installation import Installation

STATES = {"in the middle of": "intended", "after": "done"}
AS_BEFORE, MIGRATED = "0002", "0003"


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_kill_leaves_the_environment_whole(tidegate: Installation, serving: str, case: Case) -> None:
    before = serving_version(tidegate, serving)
    other = MIGRATING if case.migrates else OTHER[before]
    if case.what == "rollback":
        state = released(stack=serving, version=other, watch_seconds=1)
        assert state.is_completed(), state.message
        before, other = other, before
    with steady(tidegate, serving) as client:
        run = _start(case, serving, other)
        wait_for_step(tidegate.settings, run, case.step, STATES[case.moment])
        kill_run(run)
        killed = time.monotonic()
        ended(run)
        recovered(tidegate, serving)
        seconds = time.monotonic() - killed
    assert_whole(tidegate, serving, run, {before, other})
    assert client.figures.total > 50
    assert client.lost == 0, (client.faults, client.long_faults)
    after = serving_version(tidegate, serving)
    assert after == other or case.what == "release", "a rollback that somebody wants must not be forgotten"
    assert database_of(tidegate, serving).revision() == (MIGRATED if after == MIGRATING else AS_BEFORE)
    keep(Row(str(case), "new" if after == other else "old", client.lost, client.figures.total, seconds))


def test_a_broken_version_after_a_kill_after_the_switch_loses_nobody(tidegate: Installation, serving: str) -> None:
    other = OTHER[serving_version(tidegate, serving)]
    with steady(tidegate, serving) as client:
        run = start("release/prod", stack=serving, version=other, watch_seconds=3)
        wait_for_step(tidegate.settings, run, "shift-traffic", "done")
        kill_run(run)
        killed = time.monotonic()
        ended(run)
        recovered(tidegate, serving)
        seconds = time.monotonic() - killed
        broken = released(stack=serving, version="v1.2.1-api-500", watch_seconds=1)
    assert broken.is_failed()
    assert "SmokeError" in (broken.message or "")
    assert_whole(tidegate, serving, run, {other})
    assert client.lost == 0, (client.faults, client.long_faults)
    keep(Row(THEN_BROKEN, "new", client.lost, client.figures.total, seconds))


def _start(case: Case, stack: str, version: str) -> UUID:
    if case.what == "rollback":
        return start("rollback/prod", stack=stack, reason=f"{case}")
    return start("release/prod", stack=stack, version=version, watch_seconds=3)

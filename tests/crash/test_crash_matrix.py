"""SIGKILL at every step, and everything around a release taken away: worker, Prefect server,
database, edge, disk. Under traffic. After the recovery: wholly old or wholly new, lock free,
nothing done twice."""

from __future__ import annotations

import time
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Suspended
from rich.console import Console

from blocks.docker.host import DockerHost
from cli.run import run
from tests.crash.killing import kill_process, kill_run_at, process_of, wait_for_step
from tests.crash.made import until
from tests.crash.matrix import (
    DATABASE_STOPPED,
    DISK_FULL,
    EDGE_RESTARTED,
    EDGE_RESTARTED_IN_WATCH,
    MIGRATING,
    SERVER_KILLED,
    STOPPED_FROM_OUTSIDE,
    THEN_BROKEN,
    WORKER_KILLED,
    Case,
    cases,
)
from tests.crash.rows import Row, keep, keep_fault
from tests.crash.taken_away import small_disk, stop_newest, wait_until_database_answers
from tests.crash.whole import (
    OTHER,
    assert_whole,
    next_version,
    recovered,
    recovers_by_itself,
    serving_version,
    steady,
)
from tests.e2e.in_process import database_of
from tests.e2e.releases import ended, released, start, state_of
from tests.installation import Installation
from tidegate.pages.fault_words import ZH

STATES = {"in the middle of": "intended", "after": "done"}
AS_BEFORE, MIGRATED = "0002", "0003"


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_kill_leaves_the_environment_whole(
    tidegate: Installation, serving: str, case: Case
) -> None:
    before = serving_version(tidegate, serving)
    other = MIGRATING if case.migrates else OTHER[before]
    if case.what == "rollback":
        state = released(stack=serving, version=other, watch_seconds=1)
        assert state.is_completed(), state.message
        before, other = other, before
    with steady(tidegate, serving) as client:
        victim = _start(case, serving, other)
        kill_run_at(tidegate.settings, victim, case.step, STATES[case.moment])
        killed = time.monotonic()
        ended(victim)
        recovers_by_itself(tidegate, serving)
        seconds = time.monotonic() - killed
    assert_whole(tidegate, serving, victim, {before, other})
    assert client.figures.total > 50
    assert client.lost == 0, (client.faults, client.long_faults, client.figures)
    after = serving_version(tidegate, serving)
    assert after == other or case.what == "release", (
        "a rollback that somebody wants must not be forgotten"
    )
    assert database_of(tidegate, serving).revision() == (
        MIGRATED if after == MIGRATING else AS_BEFORE
    )
    keep(
        Row(
            str(case),
            "new" if after == other else "old",
            client.lost,
            client.figures.total,
            seconds,
        )
    )


@pytest.mark.crash_only("tests/attacks/test_approval_is_about.py: a run set to another state")
def test_a_release_that_somebody_suspends_by_hand_ends_when_recovery_has_put_it_back(
    tidegate: Installation, serving: str
) -> None:
    before = serving_version(tidegate, serving)
    victim = start("release/prod", stack=serving, version=OTHER[before], watch_seconds=60)
    wait_for_step(tidegate.settings, victim, "start-slot", "done")
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(victim, Suspended(timeout_seconds=3600), force=True)
    until(lambda: process_of(victim) == [], lambda: "its process goes on")
    recovered(tidegate, serving)
    state = state_of(victim)
    assert state.is_failed(), state
    assert "recover/all has ended it" in str(state.message)
    assert_whole(tidegate, serving, victim, {before, OTHER[before]})


@pytest.mark.crash_only(
    "the rows of the matrix: each recovers by itself, and a good version follows"
)
def test_a_broken_version_after_a_kill_after_the_switch_loses_nobody(
    tidegate: Installation, serving: str
) -> None:
    other = OTHER[serving_version(tidegate, serving)]
    with steady(tidegate, serving) as client:
        victim = start("release/prod", stack=serving, version=other, watch_seconds=3)
        kill_run_at(tidegate.settings, victim, "shift-traffic", "done")
        killed = time.monotonic()
        ended(victim)
        recovers_by_itself(tidegate, serving)
        seconds = time.monotonic() - killed
        broken = released(stack=serving, version="v1.2.1-api-500", watch_seconds=1)
    assert broken.is_failed()
    assert ZH["SmokeError"] in (broken.message or "")
    assert_whole(tidegate, serving, victim, {other})
    assert client.lost == 0, (client.faults, client.long_faults, client.figures)
    keep(Row(THEN_BROKEN, "new", client.lost, client.figures.total, seconds))


@pytest.mark.crash_only("tests/integration/test_worker.py: a run outlives the worker")
def test_a_killed_worker_leaves_the_environment_whole(tidegate: Installation, serving: str) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with steady(tidegate, serving) as client:
        release = begin(serving, after)
        wait_for_step(tidegate.settings, release, "start-slot", "intended")
        kill_process(tidegate.plane.worker)
        struck = time.monotonic()
        run(tidegate.settings, Console(quiet=True))
        ended(release)
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert_whole(tidegate, serving, release, {before, after})
    assert client.lost == 0, client.faults
    keep_fault(WORKER_KILLED, tidegate, serving, release, client, seconds)


def test_a_killed_prefect_server_leaves_the_environment_whole(
    tidegate: Installation, serving: str
) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with steady(tidegate, serving) as client:
        release = begin(serving, after)
        wait_for_step(tidegate.settings, release, "start-slot", "intended")
        kill_process(tidegate.plane.server)
        struck = time.monotonic()
        time.sleep(3)
        run(tidegate.settings, Console(quiet=True))
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert_whole(tidegate, serving, release, {before, after})
    assert client.lost == 0, client.faults
    keep_fault(SERVER_KILLED, tidegate, serving, release, client, seconds)


@pytest.mark.crash_only(
    "tests/e2e/test_bad_input.py: a database that is down; tests/flows: each call failing once"
)
def test_a_stopped_database_ends_the_release_and_the_next_one_succeeds(
    tidegate: Installation, serving: str
) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    database = DockerHost().client.containers.get(f"{serving}-mysql-prod")
    with steady(tidegate, serving) as client:
        release = begin(serving, MIGRATING)
        wait_for_step(tidegate.settings, release, "back-up", "intended")
        struck = time.monotonic()
        database.stop(timeout=10)
        try:
            state = ended(release)
        finally:
            database.start()
        wait_until_database_answers(tidegate, serving)
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert state.is_failed()
    assert str(database.name) in str(state.message)
    assert tidegate.ledger.holds.active(serving) == []
    assert_whole(tidegate, serving, release, {before})
    keep_fault(DATABASE_STOPPED, tidegate, serving, release, client, seconds, is_down=True)
    state = released(stack=serving, version=after, watch_seconds=1)
    assert state.is_completed(), state.message


@pytest.mark.crash_only("tests/flows: each call of the edge failing once")
def test_an_edge_that_restarts_in_mid_switch_ends_whole(
    tidegate: Installation, serving: str
) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    edge = DockerHost().client.containers.get(tidegate.settings.edge_name)
    with steady(tidegate, serving) as client:
        release = begin(serving, after)
        wait_for_step(tidegate.settings, release, "shift-traffic", "intended")
        struck = time.monotonic()
        edge.restart(timeout=1)
        ended(release)
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert_whole(tidegate, serving, release, {before, after})
    keep_fault(EDGE_RESTARTED, tidegate, serving, release, client, seconds, is_down=True)


@pytest.mark.crash_only("it waits for minutes")
def test_an_edge_that_restarts_while_a_version_is_watched_is_not_the_versions_fault(
    tidegate: Installation, serving: str
) -> None:
    after = next_version(tidegate, serving)
    edge = DockerHost().client.containers.get(tidegate.settings.edge_name)
    with steady(tidegate, serving) as client:
        release = start(
            "release/prod", stack=serving, version=after, watch_seconds=20
        )  # so that the checks run in it, too
        wait_for_step(tidegate.settings, release, "watch", "intended")
        struck = time.monotonic()
        edge.restart(timeout=1)
        state = ended(release)
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert state.is_completed(), state.message
    assert_whole(tidegate, serving, release, {after})
    keep_fault(EDGE_RESTARTED_IN_WATCH, tidegate, serving, release, client, seconds, is_down=True)


@pytest.mark.crash_only("tests/e2e/test_bad_input.py: a disk too full for a backup")
def test_a_full_disk_at_the_backup_changes_nothing(tidegate: Installation, serving: str) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with (
        steady(tidegate, serving) as client,
        small_disk(tidegate.settings.home / "backups" / serving / "prod"),
    ):
        release = begin(serving, after)
        struck = time.monotonic()
        state = ended(release)
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert state.is_failed()
    assert "free" in str(state.message)
    assert_whole(tidegate, serving, release, {before})
    assert client.lost == 0, client.faults
    keep_fault(DISK_FULL, tidegate, serving, release, client, seconds)


@pytest.mark.crash_only("tests/unit/test_dead_containers.py")
def test_a_new_container_that_somebody_stops_is_not_the_versions_fault(
    tidegate: Installation, serving: str
) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with steady(tidegate, serving) as client:
        release = begin(serving, after)
        wait_for_step(tidegate.settings, release, "wait-until-healthy", "intended")
        struck = time.monotonic()
        stop_newest(tidegate, serving)
        state = ended(release)
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert state.is_failed()
    assert "stopped from outside" in str(state.message)
    assert tidegate.ledger.holds.active(serving) == []
    assert_whole(tidegate, serving, release, {before})
    assert client.lost == 0, client.faults
    keep_fault(STOPPED_FROM_OUTSIDE, tidegate, serving, release, client, seconds)


def _start(case: Case, stack: str, version: str) -> UUID:
    if case.what == "rollback":
        return start("rollback/prod", stack=stack, reason=f"{case}")
    return start("release/prod", stack=stack, version=version, watch_seconds=3)


def begin(stack: str, version: str) -> UUID:
    return start("release/prod", stack=stack, version=version, watch_seconds=2)

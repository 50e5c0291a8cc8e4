"""The network between worker and Docker host is cut in the middle of a step. The edge and the
containers do not notice, so nobody who uses the application may either."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from flows.recover import recover
from tasks.frame.adapters import load
from tests.crash.cable import Cable
from tests.crash.killing import kill_run_at, wait_for_step
from tests.crash.matrix import CUT_AND_KILLED, CUT_FOR_GOOD, CUT_SHORT, CUT_STEPS
from tests.crash.rows import keep_fault
from tests.crash.whole import (
    assert_whole,
    in_the_middle,
    next_version,
    recovered,
    serving_version,
    steady,
)
from tests.e2e.releases import ended, released, start
from tests.installation import Installation, add_stack, free_ports
from tidegate.errors import TidegateError
from tidegate.ledger.tables import Deployment

BUOY = (
    "buoy" + os.environ.get("TIDEGATE_TEST_SUFFIX", "") + os.environ.get("PYTEST_XDIST_WORKER", "")
)
pytestmark = pytest.mark.crash_only("it waits for minutes")
SHORT_SECONDS, MOST_SECONDS = 3, 120
NO_ENGINE = "Start the Docker Engine, or mend the network to it"


@pytest.fixture(scope="session")
def cable() -> Iterator[Cable]:
    """To the local engine, whose socket is where DOCKER_HOST says, or in its usual place."""
    made = Cable(
        free_ports(1)[0], urlsplit(os.environ.get("DOCKER_HOST", "unix:///run/docker.sock")).path
    )
    made.mend()
    yield made
    made.close()


@pytest.fixture(scope="session")
def buoy(tidegate: Installation, cable: Cable) -> str:
    """A stack on a host at the other end of the cable, of which two versions were good. Its edge is
    on this side."""
    DockerHost(url=cable.url, edge_network=tidegate.settings.edge_name).save(BUOY)
    load(TraefikEdge, "local").save(BUOY)
    add_stack(
        tidegate.settings,
        BUOY,
        environments=("prod",),
        changes={
            "environments.prod.host": BUOY,
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 1,
            "smoke_repeat_seconds": 0,
        },
    )
    tidegate.plane.register_deployments()  # the forms list the stacks
    for version in ("v1.0.0", "v1.1.0"):
        state = released(stack=BUOY, version=version, watch_seconds=1)
        assert state.is_completed(), state.message
    return BUOY


@pytest.fixture
def mended(cable: Cable) -> Iterator[Cable]:
    """Whatever a test did to it."""
    yield cable
    cable.mend()


@pytest.mark.parametrize("step", CUT_STEPS)
def test_a_short_cut_is_carried_through_or_ends_put_back(
    tidegate: Installation, buoy: str, mended: Cable, step: str
) -> None:
    before, after = serving_version(tidegate, buoy), next_version(tidegate, buoy)
    with steady(tidegate, buoy) as visitors:
        release = start("release/prod", stack=buoy, version=after, watch_seconds=1)
        wait_for_step(tidegate.settings, release, step, "intended")
        mended.cut()
        cut = time.monotonic()
        time.sleep(SHORT_SECONDS)
        mended.mend()
        ended(release)
        recovered(tidegate, buoy)
        seconds = time.monotonic() - cut
    assert_whole(tidegate, buoy, release, {before, after})
    assert visitors.lost == 0, (visitors.faults, visitors.figures)
    assert tidegate.ledger.holds.active(buoy) == []
    keep_fault(CUT_SHORT.format(step=step), tidegate, buoy, release, visitors, seconds)


@pytest.mark.parametrize("step", CUT_STEPS)
def test_a_cut_for_good_ends_the_release_and_the_next_one_clears_up(
    tidegate: Installation, buoy: str, mended: Cable, step: str
) -> None:
    before, after = serving_version(tidegate, buoy), next_version(tidegate, buoy)
    with steady(tidegate, buoy) as visitors:
        release = start("release/prod", stack=buoy, version=after, watch_seconds=1)
        wait_for_step(tidegate.settings, release, step, "intended")
        mended.cut()
        cut = time.monotonic()
        state = ended(release)
        assert state.is_failed()
        left = newest(tidegate)
        assert left.state.value == "rollback_failed"
        for said in (NO_ENGINE, "the way back did not arrive", "It began with: "):
            assert said in left.reason
        assert serving_version(tidegate, buoy) == before
        assert nobody_holds_the_lock_of(tidegate, buoy)

        mended.mend()
        recover()
        assert serving_version(tidegate, buoy) == before
        state = released(stack=buoy, version=after, watch_seconds=1)
        assert state.is_completed(), state.message
        seconds = time.monotonic() - cut
    assert_whole(tidegate, buoy, release, {after})
    assert visitors.lost == 0, (visitors.faults, visitors.figures)
    assert tidegate.ledger.deployments.get(left.id).state.value == "failed"
    keep_fault(CUT_FOR_GOOD.format(step=step), tidegate, buoy, release, visitors, seconds)


def test_a_host_out_of_reach_does_not_keep_others_from_their_recovery(
    tidegate: Installation, buoy: str, serving: str, mended: Cable
) -> None:
    """The other one's turn comes later: the older deployment is looked at first."""
    stacks = (buoy, serving)
    before = {stack: serving_version(tidegate, stack) for stack in stacks}
    with steady(tidegate, buoy) as visitors, steady(tidegate, serving) as other_visitors:
        runs = [killed(tidegate, buoy)]
        mended.cut()
        cut = time.monotonic()
        runs.append(killed(tidegate, serving))
        while in_the_middle(tidegate, serving):
            assert time.monotonic() - cut < MOST_SECONDS, in_the_middle(tidegate, serving)
            with contextlib.suppress(TidegateError):  # of the host that is out of reach
                recover()
            time.sleep(1)
        assert in_the_middle(tidegate, buoy)
        mended.mend()
        recovered(tidegate, buoy)
        seconds = time.monotonic() - cut
    for stack, run in zip(stacks, runs, strict=True):
        assert_whole(tidegate, stack, run, {before[stack]})
    for seen in (visitors, other_visitors):
        assert seen.lost == 0, (seen.faults, seen.figures)
    keep_fault(CUT_AND_KILLED, tidegate, buoy, runs[0], visitors, seconds)


def killed(tidegate: Installation, stack: str) -> UUID:
    """A release that came as far as the start of its slot."""
    run = start("release/prod", stack=stack, version=next_version(tidegate, stack), watch_seconds=1)
    kill_run_at(tidegate.settings, run, "start-slot", "intended")
    return run


def newest(tidegate: Installation) -> Deployment:
    return tidegate.history(BUOY)[0]


def nobody_holds_the_lock_of(tidegate: Installation, stack: str) -> bool:
    return not [lock.owner for lock in tidegate.ledger.locks.holders() if lock.stack == stack]

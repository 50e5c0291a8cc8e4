"""SIGKILL at every step, under traffic. After the recovery: wholly old or wholly new, lock free, nothing done twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from cli.demo_traffic import SteadyClient
from tests.crash.killing import kill_run, wait_for_step
from tests.crash.matrix import Case, Row, cases, write_table
from tests.crash.whole import assert_whole, recovered, serving_version
from tests.e2e.releases import ended, released, start
from tests.installation import FERRY, Installation, domain_of
from tidegate.settings import ROOT

STATES = {"in the middle of": "intended", "after": "done"}


@pytest.fixture(scope="module")
def serving(tidegate: Installation) -> str:
    """A stack whose v1.0.0 and v1.1.0 were good."""
    for version in ("v1.0.0", "v1.1.0"):
        state = released(stack=FERRY, version=version, watch_seconds=1)
        assert state.is_completed(), state.message
    return FERRY


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    """Collected over the module; a whole run writes them into the docs."""
    collected: list[Row] = []
    yield collected
    if len(collected) == len(cases()) and len(collected) > 20:
        write_table(ROOT / "docs" / "reliability.md", collected)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_kill_leaves_the_environment_whole(tidegate: Installation, serving: str, rows: list[Row], case: Case) -> None:
    before = serving_version(tidegate, serving)
    other = {"v1.1.0": "v1.4.0", "v1.4.0": "v1.1.0"}[before]
    if case.what == "rollback":
        state = released(stack=serving, version=other, watch_seconds=1)
        assert state.is_completed(), state.message
        before, other = other, before
    with SteadyClient("prod", tidegate.plane.edge_url, domain_of(serving, "prod")) as client:
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
    rows.append(Row(case, "new" if after == other else "old", client.lost, client.figures.total, seconds))
    _lift_all(tidegate, serving)


def _start(case: Case, stack: str, version: str) -> UUID:
    if case.what == "rollback":
        return start("rollback/prod", stack=stack, reason=f"{case}")
    return start("release/prod", stack=stack, version=version, watch_seconds=3)


def _lift_all(tidegate: Installation, stack: str) -> None:
    """A rollback puts what it left on hold; the next case needs it again."""
    holds = tidegate.ledger.holds
    for hold in holds.active(stack):
        holds.lift(stack, hold.commit, lifted_by="the next case", reason="the crash matrix goes on")

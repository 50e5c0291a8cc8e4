"""SIGKILL at every step, under traffic. After the recovery: wholly old or wholly new, lock free, nothing done twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from blocks.docker_host import DockerHost
from cli.demo_traffic import SteadyClient
from flows.recover import recover
from tests.crash.killing import kill_at
from tests.crash.matrix import Case, Row, cases, write_table
from tests.e2e.releases import ended, released, start
from tests.installation import FERRY, Installation, domain_of
from tidegate.settings import ROOT
from tidegate.states import DeploymentState

STATES = {"in the middle of": "intended", "after": "done"}
MOST_RECOVERIES = 40


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
    before = _serving_version(tidegate, serving)
    other = {"v1.1.0": "v1.4.0", "v1.4.0": "v1.1.0"}[before]
    if case.what == "rollback":
        state = released(stack=serving, version=other, watch_seconds=1)
        assert state.is_completed(), state.message
        before, other = other, before
    with SteadyClient("prod", tidegate.plane.edge_url, domain_of(serving, "prod")) as client:
        run = _start(case, serving, other)
        kill_at(_database(tidegate), run, case.step, STATES[case.moment])
        killed = time.monotonic()
        _recover(tidegate, serving, run)
        seconds = time.monotonic() - killed
    _assert_whole(tidegate, serving, run, {before, other})
    assert client.figures.total > 50
    assert client.lost == 0, (client.faults, client.long_faults)
    after = _serving_version(tidegate, serving)
    rows.append(Row(case, "new" if after == other else "old", client.lost, client.figures.total, seconds))
    _lift_all(tidegate, serving)


def _start(case: Case, stack: str, version: str) -> UUID:
    if case.what == "rollback":
        return start("rollback/prod", stack=stack, reason=f"{case}")
    return start("release/prod", stack=stack, version=version, watch_seconds=3)


def _recover(tidegate: Installation, stack: str, run: UUID) -> None:
    """What the schedule does each minute, a little more often, until nothing is left in the middle."""
    ended(run)
    for _ in range(MOST_RECOVERIES):
        if not _in_the_middle(tidegate, stack):
            return
        recover()
        time.sleep(1)
    pytest.fail(f"still in the middle: {_in_the_middle(tidegate, stack)}")


def _in_the_middle(tidegate: Installation, stack: str) -> list[str]:
    ledger = tidegate.ledger
    held = [f"lock of {lock.owner}" for lock in ledger.locks.holders() if lock.stack == stack]
    return held + [f"#{one.number} {one.state}" for one in ledger.deployments.open_ones(stack)]


def _assert_whole(tidegate: Installation, stack: str, run: UUID, versions: set[str]) -> None:
    """Edge, ledger and containers say the same; each step has one row; nothing was made twice."""
    ledger, answer = tidegate.ledger, tidegate.get(domain_of(stack, "prod"))
    now = ledger.deployments.current(stack, "prod")
    assert now is not None
    assert answer.json()["version"] == now.version
    assert now.version in versions
    assert answer.headers["X-Tidegate-Deployment"] == str(now.number)
    killed = [one for one in tidegate.history(stack) if one.run_id == str(run)]
    assert len(killed) == 1
    assert killed[0].state in (DeploymentState.GOOD, DeploymentState.FAILED, DeploymentState.ROLLED_BACK)
    names = [step.name for step in ledger.journal.steps(killed[0].id)]
    assert len(names) == len(set(names))
    backups = [one for one in (tidegate.settings.home / "backups" / stack / "prod").glob("*/manifest.json")
               if one.parent.name.endswith(f"-{killed[0].number}")]
    assert len(backups) <= 1
    assert _running(tidegate, stack) == {now.slot}
    assert ledger.audit.verify() is None


def _running(tidegate: Installation, stack: str) -> set[str]:
    host = DockerHost(edge_network=tidegate.settings.edge_name)
    found = host.containers({"tidegate.stack": stack, "tidegate.environment": "prod"})
    return {one.labels["com.docker.compose.project"] for one in found if one.state == "running"}


def _serving_version(tidegate: Installation, stack: str) -> str:
    return str(tidegate.get(domain_of(stack, "prod")).json()["version"])


def _database(tidegate: Installation) -> Path:
    return tidegate.settings.home / "ledger.db"


def _lift_all(tidegate: Installation, stack: str) -> None:
    """A rollback puts what it left on hold; the next case needs it again."""
    holds = tidegate.ledger.holds
    for hold in holds.active(stack):
        holds.lift(stack, hold.commit, lifted_by="the next case", reason="the crash matrix goes on")

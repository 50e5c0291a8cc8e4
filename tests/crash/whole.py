"""What "whole" means, and how a test gets there: edge, ledger and containers say the same, and
nothing is done twice, nor by two at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from blocks.docker.host import KEY_LABEL, DockerHost
from cli.demo_traffic import SteadyClient
from tests.crash.beating import assert_one_beats
from tests.crash.made import Made, assert_made_once, assert_told_once
from tests.e2e.in_process import PATIENCE_SECONDS
from tests.e2e.releases import ended, start
from tests.installation import Installation, domain_of
from tidegate.policy.states import DeploymentState

made: Made | None = None
"""Since the session's first release; `versions` in conftest.py gives it for its stack."""
BY_ITSELF_SECONDS = 120
MOST_RECOVERIES = 40
LONG_SECONDS = 4
"""Of the client's long requests: a switch is in the middle of one, and the test waits for the last
one."""
ENDS = (
    DeploymentState.GOOD,
    DeploymentState.FAILED,
    DeploymentState.ROLLED_BACK,
    DeploymentState.EXPIRED,
)  # the last where a release died before its change began
OTHER = {"v1.0.0": "v1.1.0", "v1.1.0": "v1.4.0", "v1.4.0": "v1.1.0"}


def recovered(tidegate: Installation, stack: str) -> None:
    """What an event or the schedule starts, more often, until nothing is left in the middle. By its
    deployment, of which one runs at a time: two at once would both tell the news."""
    for _ in range(MOST_RECOVERIES):
        if not in_the_middle(tidegate, stack):
            return
        ended(start("recover/all"))
        time.sleep(1)
    pytest.fail(f"still in the middle: {in_the_middle(tidegate, stack)}")


def recovers_by_itself(tidegate: Installation, stack: str) -> None:
    """Nobody calls it here: the event of the crash does, long before the schedule comes."""
    end = time.monotonic() + BY_ITSELF_SECONDS
    while left := in_the_middle(tidegate, stack):
        assert time.monotonic() < end, f"still in the middle: {left}"
        time.sleep(0.5)


def in_the_middle(tidegate: Installation, stack: str) -> list[str]:
    """Locks that are held and deployments that are not at an end."""
    ledger = tidegate.ledger
    held = [f"lock of {lock.owner}" for lock in ledger.locks.holders() if lock.stack == stack]
    return held + [f"#{one.number} {one.state}" for one in ledger.deployments.open_ones(stack)]


def assert_whole(tidegate: Installation, stack: str, run: UUID, versions: set[str]) -> None:
    """Edge, ledger and containers say the same; nothing was made twice, and nobody was told
    twice."""
    ledger, answer = tidegate.ledger, tidegate.get(domain_of(stack, "prod"))
    now = ledger.deployments.current(stack, "prod")
    assert now is not None
    assert answer.json()["version"] == now.version
    assert now.version in versions
    assert answer.headers["X-Tidegate-Deployment"] == f"{now.stack}/{now.environment}/{now.number}"
    assert running_slots(tidegate, stack) == {now.slot}
    assert left_over(stack) == []
    for mine in (one for one in tidegate.history(stack) if one.run_id == str(run)):
        assert mine.state in ENDS
        if made and made.stack == stack:
            assert_made_once(tidegate, made, mine)
    if made and made.stack == stack:
        assert_told_once(tidegate, made, stack)
        assert_one_beats(tidegate, stack, now.slot)
    assert ledger.audit.verify().findings == ()


def left_over(stack: str) -> list[str]:
    """Keys of one-off containers, scratch databases and their networks."""
    client = DockerHost().client
    labels = [one.labels for one in client.containers.list(all=True, filters={"label": KEY_LABEL})]
    labels += [one.attrs["Labels"] for one in client.networks.list(filters={"label": KEY_LABEL})]
    return [one[KEY_LABEL] for one in labels if f"/{stack}/" in one[KEY_LABEL]]


def running_slots(tidegate: Installation, stack: str) -> set[str]:
    """Compose projects of the stack's slots in production that run now."""
    host = DockerHost(edge_network=tidegate.settings.edge_name)
    found = host.containers({"tidegate.stack": stack, "tidegate.environment": "prod"})
    return {one.labels["com.docker.compose.project"] for one in found if one.state == "running"}


def serving_version(tidegate: Installation, stack: str) -> str:
    return str(tidegate.get(domain_of(stack, "prod")).json()["version"])


def next_version(tidegate: Installation, stack: str) -> str:
    """One that the stack can go to from what it serves."""
    return OTHER[serving_version(tidegate, stack)]


@contextmanager
def steady(tidegate: Installation, stack: str) -> Iterator[SteadyClient]:
    """People use the stack's production while the block lasts."""
    with SteadyClient(
        "prod",
        tidegate.plane.edge_url,
        domain_of(stack, "prod"),
        LONG_SECONDS,
        timeout_seconds=PATIENCE_SECONDS,
    ) as client:
        yield client

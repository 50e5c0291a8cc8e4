"""A version that turns bad after its watch is put back by an alert; test_broken_releases.py has the
one that does so in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from blocks.docker.host import DockerHost
from blocks.probes.witness import TrafficWitness
from tests.e2e.in_process import release_here
from tests.e2e.releases import ended, start
from tests.installation import ORCHID, Installation, domain_of
from tests.integration.incident_fixtures import alert, send, webhook
from tidegate.ledger.tables import Deployment

BAD = "v1.2.9-turns-bad"
ENOUGH, MOST = 40, 100_000
"""Requests. The bad version is good for half a minute after its first one."""


@pytest.fixture(scope="module")
def orchid(tidegate: Installation) -> Iterator[Installation]:
    """Production alone, on v1.1.0."""
    state = release_here(ORCHID, "v1.1.0")
    assert state.is_completed(), state.message
    yield tidegate
    tidegate.retire(ORCHID)


@pytest.fixture
def visitors(orchid: Installation) -> Iterator[TrafficWitness]:
    with TrafficWitness(
        orchid.plane.edge_url, domain_of(ORCHID, "prod"), "/api/bills", rate_per_second=20
    ) as visitors:
        yield visitors


def wait_until(seen: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)


def newest(orchid: Installation) -> Deployment:
    return orchid.history(ORCHID)[0]


def broken(visitors: TrafficWitness) -> int:
    """Answers that are the application's fault; nobody is signed in, so that a good one says
    401."""
    return sum("status 5" in (one.fault or "") for one in visitors.failures(most=MOST))


def critical(fingerprint: str) -> tuple[dict[str, object], str]:
    """An alert that begins now, and the key of its signal."""
    now = datetime.now(UTC)
    body = webhook({**alert(fingerprint, stack=ORCHID), "startsAt": now.isoformat()})
    return body, f"alertmanager/{fingerprint}/{now:%Y%m%dT%H%M%S%f}"


def outcome(orchid: Installation, signal: str) -> str:
    """What was done about a signal; empty while it is open or not yet there."""
    incident = orchid.ledger.incidents.of_signal(signal)
    return (incident.outcome or "") if incident else ""


def test_an_alert_about_a_version_that_turned_bad_rolls_it_back_once(
    orchid: Installation, visitors: TrafficWitness
) -> None:
    assert release_here(ORCHID, BAD).is_completed()
    bad = newest(orchid)
    wait_until(lambda: broken(visitors) >= ENOUGH)

    body, signal = critical("f1e1d")
    assert send(orchid.plane, body).status_code == 202
    wait_until(lambda: outcome(orchid, signal) != "")
    assert outcome(orchid, signal).startswith("roll_back: ")
    back = newest(orchid)
    assert (back.kind, back.state.value, back.requested_by) == (
        "rollback",
        "good",
        f"alert alertmanager: {signal}",
    )
    assert orchid.get(domain_of(ORCHID, "prod")).json()["version"] == "v1.1.0"
    assert orchid.ledger.deployments.get(bad.id).state.value == "rolled_back"
    assert orchid.ledger.holds.holding(ORCHID, bad.commit) is not None

    send(orchid.plane, body)
    another, its_signal = critical("after")
    send(orchid.plane, another)
    wait_until(lambda: outcome(orchid, its_signal) != "")
    assert outcome(orchid, its_signal).startswith("tell: HighErrorRate")
    assert newest(orchid).id == back.id


@pytest.mark.crash_only(
    "tests/integration/test_live_figures.py; tests/unit/test_incident_answers.py"
)
def test_the_watch_pages_when_what_it_sees_may_not_be_rolled_back_and_closes_it_when_it_is_over(
    orchid: Installation,
) -> None:
    database = DockerHost().client.containers.get(f"{ORCHID}-mysql-prod")
    database.stop()
    try:
        wait_until(lambda: looked_and(orchid.ledger.incidents.open_ones(ORCHID)), 240)
        (paged,) = orchid.ledger.incidents.open_ones(ORCHID)
        wait_until(lambda: outcome(orchid, paged.signal).startswith("page: "))
    finally:
        database.start()
    assert paged.signal.startswith(f"watch/prod/{ORCHID}/{newest(orchid).number}/red/")
    assert newest(orchid).state.value == "good"
    wait_until(lambda: looked_and(outcome(orchid, paged.signal).startswith("healthy again: ")), 240)
    assert orchid.ledger.incidents.open_ones(ORCHID) == []


def looked_and(seen: object) -> bool:
    """Whether it has come already; if not, `watch/all` looks, as it does by its schedule every
    minute."""
    if not seen:
        ended(start("watch/all", stack=ORCHID))
    return bool(seen)

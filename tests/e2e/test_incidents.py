"""A version that turns bad is put back while nobody acts: by its release while that watches, by an alert after that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from blocks.witness import TrafficWitness
from tests.e2e.releases import released
from tests.installation import Installation, add_stack, domain_of, installation
from tests.integration.incident_fixtures import alert, send, webhook
from tidegate.ledger.tables import Deployment, Incident

STACK = "orchid"
BAD = "v1.2.9-turns-bad"
GOOD_SECONDS = 30
"""How long the bad version is good after its first request."""


@pytest.fixture(scope="module")
def orchid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Production alone, on its second version."""
    def add(settings: object) -> None:
        add_stack(settings, STACK, environments=("prod",), changes={  # type: ignore[arg-type]
            "environments.prod.approval": False, "environments.prod.drain_seconds": 1, "smoke_repeat_seconds": 1})
    with installation(tmp_path_factory.mktemp("orchid"), add) as started:
        for version in ("v1.0.0", "v1.1.0"):
            state = released(stack=STACK, version=version, watch_seconds=1)
            assert state.is_completed(), state.message
        yield started


@pytest.fixture
def visitors(orchid: Installation) -> Iterator[TrafficWitness]:
    with TrafficWitness(orchid.plane.edge_url, domain_of(STACK, "prod"), "/api/bills", rate_per_second=20) as visitors:
        yield visitors


def wait_until(seen: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)


def incidents(orchid: Installation, fingerprint: str) -> list[Incident]:
    with orchid.ledger._store.reading("reading incidents") as session:
        return [one for one in session.query(Incident).all() if f"/{fingerprint}/" in one.signal]


def newest(orchid: Installation) -> Deployment:
    return orchid.history(STACK)[0]


def critical(fingerprint: str) -> dict[str, object]:
    return webhook({**alert(fingerprint, stack=STACK), "startsAt": datetime.now(UTC).isoformat()})


@pytest.mark.usefixtures("visitors")
def test_a_version_that_turns_bad_while_it_is_watched_is_put_back_by_its_release(orchid: Installation) -> None:
    state = released(stack=STACK, version=BAD, watch_seconds=120)
    assert state.is_failed()
    bad = newest(orchid)
    assert bad.state.value == "rolled_back"
    assert "of the answers are 5xx" in bad.reason or "status 500" in bad.reason or "found 500" in bad.reason
    assert bad.switched_at is not None and bad.ended_at is not None
    assert (bad.ended_at - bad.switched_at).total_seconds() < GOOD_SECONDS + 60
    assert orchid.get(domain_of(STACK, "prod")).json()["version"] == "v1.1.0"
    assert orchid.ledger.holds.holding(STACK, bad.commit) is not None
    assert released(stack=STACK, version=BAD).is_failed()


@pytest.mark.usefixtures("visitors")
def test_an_alert_about_a_version_that_turned_bad_rolls_it_back_once(orchid: Installation) -> None:
    commit = newest(orchid).commit
    orchid.ledger.holds.lift(STACK, commit, lifted_by="tester", reason="once more")
    assert released(stack=STACK, version=BAD, watch_seconds=1).is_completed()
    bad = newest(orchid)
    time.sleep(GOOD_SECONDS + 10)

    body = critical("f1e1d")
    sent = time.monotonic()
    assert send(orchid.plane, body).status_code == 202
    wait_until(lambda: newest(orchid).kind == "rollback" and newest(orchid).state.value == "good")
    print(f"alert -> the old version is good: {time.monotonic() - sent:.1f} s")
    back = newest(orchid)
    assert back.requested_by.startswith("alert alertmanager: alertmanager/f1e1d/")
    assert orchid.get(domain_of(STACK, "prod")).json()["version"] == "v1.1.0"
    assert orchid.ledger.deployments.get(bad.id).state.value == "rolled_back"
    assert orchid.ledger.holds.holding(STACK, commit) is not None
    wait_until(lambda: [one.closed_at is not None for one in incidents(orchid, "f1e1d")] == [True])

    send(orchid.plane, body)
    send(orchid.plane, critical("after"))
    wait_until(lambda: [one.closed_at is not None for one in incidents(orchid, "after")] == [True])
    assert newest(orchid).id == back.id
    assert (incidents(orchid, "after")[0].outcome or "").startswith("tell: HighErrorRate")

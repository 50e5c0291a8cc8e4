"""Alerts become incidents: by whom they may be sent, what they must say, and what they start on a
real Prefect server."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Crashed, Running

from cli.automations import DIED, RECOVER, WORSE, recover_soon, register_automations
from cli.control_plane import ControlPlane
from cli.receiver import MOST_BYTES
from tests.integration.incident_fixtures import *  # noqa: F403
from tests.integration.incident_fixtures import (
    LOCK_SECONDS,
    MOST_SECONDS,
    alert,
    events_of,
    incident_runs,
    private,
    send,
    wait_for,
    webhook,
)

DEGRADED, RECOVERED = "tidegate.environment.degraded", "tidegate.environment.recovered"


def test_a_firing_alert_starts_one_incident_with_what_it_says(receiver: ControlPlane) -> None:
    assert send(receiver, webhook(alert("f00d"))).json()["taken"] == 1
    (run,) = wait_for(lambda: incident_runs("f00d"))
    assert run.parameters == {
        "stack": "cloudlens",
        "environment": "prod",
        "signal": "alertmanager/f00d/20260301T120000123456",
        "severity": "red",
        "started_at": "2026-03-01T12:00:00.123456+00:00",
        "source": "alertmanager",
        "reason": 'HighErrorRate: more than 5 % are "5xx" {{ 1 + 1 }}',
    }


def test_an_alert_is_taken_while_nobody_starts_runs_and_the_answer_and_the_log_say_so(
    receiver: ControlPlane,
) -> None:
    answer = send(receiver, webhook(alert("a10e")))
    assert answer.status_code == 202
    [warning] = answer.json()["warnings"]
    assert warning.startswith("No worker is heard (last: never): nothing is released")
    assert f"receiver: an alert was taken, but: {warning}" in receiver.receiver.log.read_text()
    assert len(wait_for(lambda: incident_runs("a10e"))) == 1


def test_a_repeated_alert_has_the_same_signal_and_a_new_one_another(receiver: ControlPlane) -> None:
    for _ in range(2):
        assert send(receiver, webhook(alert("beef"))).status_code == 202
    first, second = wait_for(
        lambda: runs if len(runs := events_of(receiver, DEGRADED, "beef")) == 2 else []
    )
    assert first["payload"]["signal"] == second["payload"]["signal"]
    assert (
        send(receiver, webhook({**alert("beef"), "startsAt": "2026-03-01T13:00:00Z"})).status_code
        == 202
    )
    three = wait_for(
        lambda: runs if len(runs := events_of(receiver, DEGRADED, "beef")) == 3 else []
    )
    assert len({event["payload"]["signal"] for event in three}) == 2


def test_a_resolved_alert_is_an_event_that_starts_nothing(receiver: ControlPlane) -> None:
    assert send(receiver, webhook(alert("cafe", "resolved"))).status_code == 202
    (event,) = wait_for(lambda: events_of(receiver, RECOVERED, "cafe"))
    assert event["resource"]["prefect.resource.id"] == "tidegate.environment.cloudlens.prod"
    send(receiver, webhook(alert("after-cafe")))
    wait_for(lambda: incident_runs("after-cafe"))
    assert incident_runs("/cafe/") == []


def test_an_alert_of_staging_is_an_event_that_starts_nothing(receiver: ControlPlane) -> None:
    assert (
        send(receiver, webhook(alert("57a9", environment="staging"), alert("after-57a9"))).json()[
            "taken"
        ]
        == 2
    )
    wait_for(lambda: events_of(receiver, DEGRADED, "/57a9/"))
    wait_for(lambda: incident_runs("after-57a9"))
    assert incident_runs("/57a9/") == []


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic dGlkZWdhdGU6"])
def test_without_the_token_nothing_is_taken_or_told(
    receiver: ControlPlane, authorization: str
) -> None:
    answer = send(receiver, b"not even JSON", authorization)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json() == {"refused": "the bearer token is missing or wrong"}


def test_the_token_is_made_once_and_is_only_its_owners_to_read(receiver: ControlPlane) -> None:
    token = receiver.settings.receiver_token()
    assert token == receiver.settings.receiver_token()
    assert private(receiver.settings.receiver_token_file)
    assert token.get_secret_value() not in receiver.receiver.log.read_text()


def test_a_body_that_is_too_large_is_not_read(receiver: ControlPlane) -> None:
    assert send(receiver, b"x" * (MOST_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", "Invalid JSON"),
        (webhook() | {"version": "3"}, "version: Input should be '4'"),
        (webhook({**alert("1"), "startsAt": "yesterday"}), "alerts.0.startsAt"),
        (webhook(alert("1", stack="nobody")), "there is none (known: cloudlens)"),
        (webhook(alert("1", environment="dev")), "cloudlens has no environment 'dev'"),
        (
            webhook(alert("1", severity="page")),
            "Label the rule with one of critical, warning, info",
        ),
    ],
    ids=[
        "no JSON",
        "another version",
        "no time",
        "unknown stack",
        "unknown environment",
        "unknown severity",
    ],
)
def test_what_is_no_alert_of_ours_is_refused_with_the_reason(
    receiver: ControlPlane, body: Any, fault: str
) -> None:
    answer = send(receiver, body)
    assert answer.status_code == 422
    assert fault in answer.json()["refused"]


def test_an_alert_that_is_wrong_does_not_hide_the_others_of_its_group(
    receiver: ControlPlane,
) -> None:
    answer = send(receiver, webhook(alert("bad", stack="nobody"), alert("600d")))
    assert answer.status_code == 422
    assert answer.json()["refused"].startswith(
        "alerts[0] (HighErrorRate): looking for the stack 'nobody': there is none"
    )
    assert len(wait_for(lambda: incident_runs("600d"))) == 1


def test_only_posts_to_one_path_are_answered(receiver: ControlPlane) -> None:
    assert httpx.get(f"{receiver.receiver_url}/alertmanager", trust_env=False).status_code == 405
    assert httpx.get(f"{receiver.receiver_url}/", trust_env=False).status_code == 404


@pytest.mark.parametrize("name", [WORSE, DIED])
def test_an_automation_is_there_once_and_one_that_was_switched_off_stays_off(
    control_plane: ControlPlane, name: str
) -> None:
    with get_client(sync_client=True) as client:
        register_automations(LOCK_SECONDS)
        (known,) = client.read_automations_by_name(name)
        client.pause_automation(known.id)
        register_automations(LOCK_SECONDS)
        (again,) = client.read_automations_by_name(name)
        assert (again.id, again.enabled) == (known.id, False)
        client.resume_automation(known.id)


@pytest.mark.parametrize("end", [Crashed(), Cancelled()], ids=lambda end: end.name)
def test_a_run_that_is_cut_short_has_recovery_start_when_its_lock_has_ended(
    control_plane: ControlPlane, end: State
) -> None:
    known = set(recoveries())
    with get_client(sync_client=True) as client:
        run = client.create_flow_run_from_deployment(
            client.read_deployment_by_name("release/prod").id,
            parameters={"stack": "cloudlens", "version": "v1.0.0"},
        )
        client.set_flow_run_state(run.id, Running(), force=True)
        client.set_flow_run_state(run.id, end, force=True)
        struck = client.read_flow_run(run.id).state
    (begins,) = wait_for(lambda: [time for one, time in recoveries().items() if one not in known])
    assert struck is not None
    assert (
        timedelta(seconds=LOCK_SECONDS)
        < begins - struck.timestamp
        < timedelta(seconds=LOCK_SECONDS + MOST_SECONDS)
    )


def test_a_recovery_that_is_cut_short_starts_no_other(control_plane: ControlPlane) -> None:
    recover_soon(LOCK_SECONDS)
    known = set(recoveries())
    assert known
    with get_client(sync_client=True) as client:
        for one in known:
            client.set_flow_run_state(one, Crashed(), force=True)
        last = client.create_flow_run_from_deployment(
            client.read_deployment_by_name("rollback/prod").id,
            parameters={"stack": "cloudlens", "reason": "it is wrong"},
        )
        client.set_flow_run_state(last.id, Crashed(), force=True)
    assert len(wait_for(lambda: [one for one in recoveries() if one not in known])) == 1


def recoveries() -> dict[UUID, datetime]:
    """Runs of `recover/all` that no schedule made, and when each begins."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(RECOVER).id
        runs = client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        )
    return {
        run.id: run.expected_start_time
        for run in runs
        if not run.auto_scheduled and run.expected_start_time
    }


def test_alerts_that_prefect_does_not_take_are_to_be_sent_again(receiver: ControlPlane) -> None:
    receiver.server.stop()
    answer = send(receiver, webhook(alert("dead")))
    assert answer.status_code == 503
    assert "Look whether the Prefect server runs" in answer.json()["refused"]
    receiver.start_server()
    assert send(receiver, webhook(alert("dead"))).status_code == 202
    assert len(wait_for(lambda: incident_runs("dead"))) == 1


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"Host": "evil.example"}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_even_with_the_token_nothing_is_taken_from_a_page(
    receiver: ControlPlane, header: dict[str, str], status: int
) -> None:
    token = receiver.settings.receiver_token().get_secret_value()
    known = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = httpx.post(
        f"{receiver.receiver_url}/alertmanager",
        content=json.dumps(webhook(alert("e411"))),
        timeout=20,
        trust_env=False,
        headers={**known, **header},
    )
    assert answer.status_code == status
    assert events_of(receiver, DEGRADED, "e411") == []

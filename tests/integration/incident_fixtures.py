"""A real Prefect server with the real deployments and the automation, and a real receiver beside
it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from cli.automations import INCIDENT, register_automations
from cli.control_plane import ControlPlane
from cli.prefect_api import auth_header
from control.work_pool import make_work_pool
from setup.places import ROOT
from setup.test_database import FOLDER as PREFECT_DATABASE
from tests.installation import free_ports
from tidegate.ledger.schema import upgrade
from tidegate.settings import Settings

MOST_SECONDS = 60
LOCK_SECONDS = 6.0


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A server with all deployments and no worker: what is started stays scheduled and can be
    read."""
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        stacks=ROOT / "stacks",
        prefect_port=free_ports(1)[0],
        receiver_port=free_ports(1)[0],
    )
    shutil.copytree(PREFECT_DATABASE, settings.home / "prefect")
    plane = ControlPlane(settings)
    upgrade(settings.database_url)
    try:
        plane.start_server()
        with temporary_settings(
            {PREFECT_API_URL: plane.api_url, PREFECT_API_AUTH_STRING: plane.secret}
        ):
            make_work_pool(plane.api_url, plane.secret)
            plane.register_deployments()
            register_automations(LOCK_SECONDS)
            yield plane
    finally:
        plane.stop()


@pytest.fixture(scope="module")
def receiver(control_plane: ControlPlane) -> ControlPlane:
    control_plane.start_receiver()
    return control_plane


def send(plane: ControlPlane, body: Any, authorization: str | None = None) -> httpx.Response:
    """A webhook as Alertmanager sends it; without `authorization` with the right one."""
    right = f"Bearer {plane.settings.receiver_token().get_secret_value()}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(
        f"{plane.receiver_url}/alertmanager",
        content=content,
        timeout=20,
        trust_env=False,
        headers={
            "Authorization": right if authorization is None else authorization,
            "Content-Type": "application/json",
        },
    )


def alert(fingerprint: str, status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "fingerprint": fingerprint,
        "startsAt": "2026-03-01T12:00:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.test/graph",
        "labels": {
            "alertname": "HighErrorRate",
            "stack": "cloudlens",
            "environment": "prod",
            "severity": "critical",
            **labels,
        },
        "annotations": {"description": 'more than 5 % are "5xx" {{ 1 + 1 }}'},
    }


def webhook(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "status": "firing",
        "receiver": "tidegate",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.test",
        "truncatedAlerts": 0,
        "alerts": list(alerts),
    }


def incident_runs(fingerprint: str) -> list[FlowRun]:
    """Runs of `incident/all` whose signal holds `fingerprint`."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(INCIDENT).id
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[deployment])
            )
        )
    return [run for run in runs if fingerprint in run.parameters.get("signal", "")]


def events_of(plane: ControlPlane, name: str, fingerprint: str) -> list[dict[str, Any]]:
    """Events that the server has, by name and by their signal."""
    now = datetime.now(UTC)
    answer = httpx.post(
        f"{plane.ui_url}/api/events/filter",
        timeout=10,
        trust_env=False,
        headers=auth_header(plane.settings.api_auth()),
        json={
            "filter": {
                "event": {"name": [name]},
                "occurred": {"since": now.replace(hour=0, minute=0).isoformat()},
            }
        },
    )
    answer.raise_for_status()
    return [event for event in answer.json()["events"] if fingerprint in event["payload"]["signal"]]


T = TypeVar("T")


def wait_for(look: Callable[[], list[T]], seconds: float = MOST_SECONDS) -> list[T]:
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.25)
    return found


def private(file: Path) -> bool:
    return file.stat().st_mode & 0o777 == 0o600

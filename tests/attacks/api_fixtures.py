"""What outsiders want of the Prefect API: a deployment to start, a secret to read, a run that waits
for a person."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.states import Suspended

from blocks.docker.host import DockerHost
from tests.attacks import outsider
from tests.attacks.outsider import Request
from tests.images import BASE
from tests.installation import SHOP, Installation
from tidegate.facts import Job

NOBODY = 65534
JSON = {"Content-Type": "application/json"}
DEPLOYMENT, VALUE = "recover/all", "never-to-be-read-by-others"
OUTSIDER = Path(outsider.__file__)


@dataclass(frozen=True)
class Prey:
    """Ids of things on a real server, and the requests that use them."""

    deployment: UUID
    waiting: UUID
    secret: str

    @property
    def start(self) -> Request:
        body = {"job_variables": {"command": "sh -c 'id > pwned'"}, "state": {"type": "SCHEDULED"}}
        return "POST", f"/api/deployments/{self.deployment}/create_flow_run", JSON, json.dumps(body)

    @property
    def resume(self) -> Request:
        return "POST", f"/api/flow_runs/{self.waiting}/resume", JSON, "{}"

    @property
    def requests(self) -> list[Request]:
        """To start, resume, read and change."""
        block = (
            f"/api/block_types/slug/secret/block_documents/name/{self.secret}?include_secrets=true"
        )
        event = json.dumps(
            [
                {
                    "occurred": "2026-01-01T00:00:00Z",
                    "event": "tidegate.environment.degraded",
                    "payload": {},
                    "resource": {"prefect.resource.id": "tidegate.environment.x.prod"},
                    "id": str(self.waiting),
                }
            ]
        )
        return [
            self.start,
            self.resume,
            ("GET", block, {}, None),
            *(
                ("POST", f"/api/{kind}/filter", JSON, "{}")
                for kind in (
                    "logs",
                    "artifacts",
                    "flow_runs",
                    "deployments",
                    "block_documents",
                    "variables",
                    "events",
                    "work_pools",
                )
            ),
            ("POST", "/api/events", JSON, event),
            (
                "POST",
                f"/api/flow_runs/{self.waiting}/set_state",
                JSON,
                '{"state": {"type": "CANCELLED"}, "force": true}',
            ),
            ("DELETE", f"/api/deployments/{self.deployment}", {}, None),
            ("GET", "/api/admin/settings", {}, None),
            ("GET", "/api/admin/version", {}, None),
            ("GET", "/api/openapi.json", {}, None),
            ("GET", "/api/docs", {}, None),
            ("GET", "/api/csrf-token?client=x", {}, None),
        ]


@pytest.fixture(scope="session")
def prey(tidegate: Installation) -> Iterator[Prey]:
    name = "attacked"
    Secret(value=VALUE).save(name, overwrite=True)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(DEPLOYMENT).id
        release = client.read_deployment_by_name("release/prod").id
        waiting = client.create_flow_run_from_deployment(
            release,
            parameters={"stack": SHOP, "version": "v1.0.0"},
            state=Suspended(timeout_seconds=3600),
        ).id
        yield Prey(deployment, waiting, name)
        client.delete_flow_run(waiting)


def as_nobody(base: str, requests: Sequence[Request]) -> list[tuple[int, str]]:
    """By another Unix user of this machine."""
    ended = subprocess.run(
        [sys.executable, OUTSIDER, str(NOBODY)],
        input=_asked(base, requests),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return _answers(ended.stdout)


def from_a_container(network: str, base: str, requests: Sequence[Request]) -> list[tuple[int, str]]:
    """By what runs in a container on `network`, as an application does."""
    ended = DockerHost().run(
        Job(
            f"attack/{uuid4()}",
            BASE,
            ("python3", "-c", OUTSIDER.read_text()),
            networks=(network,),
            stdin=_asked(base, requests).encode(),
            timeout_seconds=120,
        )
    )
    assert ended.exit_code == 0, ended.stderr
    return _answers(ended.stdout)


def _asked(base: str, requests: Sequence[Request]) -> str:
    return json.dumps({"base": base, "requests": requests})


def _answers(output: str) -> list[tuple[int, str]]:
    return [(status, body) for status, body in json.loads(output)]


def runs_asked_for(tidegate: Installation) -> set[str]:
    """The runs that no schedule has made, nor the server itself for a run of an earlier test that
    was cut short.

    Without Prefect's client, which behaves otherwise beside a browser.
    """
    recovery = _ask(tidegate, "GET", f"/deployments/name/{DEPLOYMENT}")["id"]
    runs = _ask(tidegate, "POST", "/flow_runs/filter", {"sort": "START_TIME_DESC"})
    return {
        run["id"] for run in runs if not run["auto_scheduled"] and not _is_recovery(run, recovery)
    }


def _is_recovery(run: Any, recovery: str) -> bool:
    return (
        run["deployment_id"] == recovery and (run["created_by"] or {}).get("type") == "AUTOMATION"
    )


def state_of(tidegate: Installation, run: UUID) -> str:
    return str(_ask(tidegate, "GET", f"/flow_runs/{run}")["state"]["name"])


def _ask(tidegate: Installation, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(
        method,
        f"{tidegate.plane.api_url}{path}",
        json=body,
        timeout=30,
        trust_env=False,
        auth=httpx.BasicAuth(*tidegate.plane.secret.split(":", 1)),
    )
    return answer.raise_for_status().json()

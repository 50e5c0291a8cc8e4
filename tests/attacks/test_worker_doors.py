"""The worker starts our flows as they are. Whoever may speak to the API brings in no command, no
folder and no code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError

from setup.places import ROOT
from tests.e2e.releases import ended
from tests.installation import Installation

POOL = "tidegate"
SECONDS = 60
OURS = "flows.recover:recover"
FOREIGN = "tests.attacks.intruder:intrude"
ALLOWING = {
    "job_configuration": {
        "command": "{{ command }}",
        "env": "{{ env }}",
        "working_dir": "{{ working_dir }}",
    },
    "variables": {
        "type": "object",
        "properties": {
            "command": {"type": "string"},
            "env": {"type": "object"},
            "working_dir": {"type": "string"},
        },
    },
}


class Door:
    """What somebody does by the API, and the mark that would be there if it had worked."""

    def __init__(self, client: SyncPrefectClient, mark: Path) -> None:
        self._client, self.mark = client, mark

    def _ask(self, method: Any, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Of any path; the client's own types know those of Prefect's version alone."""
        return self._client.request(method, cast(Any, path), json=body)

    def patch(self, path: str, body: dict[str, Any]) -> None:
        self._ask("PATCH", path, body)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask("POST", path, body).json()
        return answer

    def deployment(self, **fields: Any) -> str:
        flow = self.post("/flows/", {"name": f"door-{uuid4()}"})["id"]
        return str(
            self.post(
                "/deployments/",
                {
                    "name": "door",
                    "flow_id": flow,
                    "entrypoint": OURS,
                    "work_pool_name": POOL,
                    **fields,
                },
            )["id"]
        )

    def run(self, deployment: str, **fields: Any) -> UUID:
        body = {"state": {"type": "SCHEDULED"}, **fields}
        return UUID(self.post(f"/deployments/{deployment}/create_flow_run", body)["id"])

    def template(self, template: dict[str, Any]) -> dict[str, Any]:
        """Put it into the pool. Returns the one before."""
        before: dict[str, Any] = self._ask("GET", f"/work_pools/{POOL}").json()["base_job_template"]
        self._ask("PATCH", f"/work_pools/{POOL}", {"base_job_template": template})
        return before

    def touches(self) -> str:
        return f'sh -c "touch {self.mark}"'

    def assert_refused(self, run: UUID, reason: str) -> None:
        state = ended(run, SECONDS)
        assert (state.type.value, reason in str(state.message)) == ("FAILED", True), (
            state.type,
            state.message,
        )
        assert "Start one of the deployments of prefect.yaml" in str(state.message)
        assert not self.mark.exists()


@pytest.fixture
def door(tidegate: Installation, tmp_path: Path) -> Iterator[Door]:
    with get_client(sync_client=True) as client:
        yield Door(client, tmp_path / "mark")


@pytest.fixture
def open_pool(door: Door) -> Iterator[None]:
    """The pool's template was manipulated: the server lets everything through to the worker."""
    before = door.template(ALLOWING)
    yield
    door.template(before)


WANTED: list[Callable[[Door], dict[str, Any]]] = [
    lambda door: {"command": door.touches()},
    lambda door: {
        "env": {"PYTHONPATH": str(door.mark.parent), "PREFECT__FLOW_ENTRYPOINT": FOREIGN}
    },
    lambda door: {"working_dir": str(door.mark.parent)},
]


@pytest.mark.parametrize("wanted", WANTED, ids=["command", "env", "working_dir"])
def test_the_server_takes_no_job_variables(
    door: Door, wanted: Callable[[Door], dict[str, Any]]
) -> None:
    with pytest.raises(PrefectHTTPStatusError, match=r"40[09]|422"):
        door.run(door.deployment(), job_variables=wanted(door))


@pytest.mark.usefixtures("open_pool")
@pytest.mark.parametrize("wanted", WANTED, ids=["command", "env", "working_dir"])
def test_the_worker_takes_no_job_variables_of_a_run_though_the_server_did(
    door: Door, wanted: Callable[[Door], dict[str, Any]]
) -> None:
    variables = wanted(door)
    run = door.run(door.deployment(), job_variables=variables)
    door.assert_refused(run, f"job variables of its own ({', '.join(map(ascii, variables))})")


@pytest.mark.usefixtures("open_pool")
def test_the_worker_takes_no_job_variables_of_a_deployment(door: Door) -> None:
    deployment = door.deployment(job_variables={"command": door.touches()})
    door.assert_refused(door.run(deployment), "job variables of its deployment ('command')")


def test_a_manipulated_template_of_the_pool_changes_nothing(door: Door) -> None:
    before = door.template({**ALLOWING, "job_configuration": {"command": door.touches()}})
    try:
        state = ended(door.run(door.deployment()), SECONDS)
    finally:
        door.template(before)
    assert state.is_completed(), state.message
    assert not door.mark.exists()


def test_a_module_that_is_not_ours_is_not_run(door: Door) -> None:
    run = door.run(door.deployment(entrypoint=FOREIGN), parameters={"mark": str(door.mark)})
    door.assert_refused(run, f"code that is not ours ('{FOREIGN}')")


def test_a_file_that_is_not_ours_is_not_run(door: Door) -> None:
    file = f"{ROOT}/tests/attacks/intruder.py:intrude"
    door.assert_refused(
        door.run(door.deployment(entrypoint=file), parameters={"mark": str(door.mark)}),
        "code that is not ours",
    )


def test_a_folder_of_a_deployment_is_not_entered(door: Door) -> None:
    flows = door.mark.parent / "flows"
    flows.mkdir()
    (flows / "__init__.py").touch()
    (flows / "recover.py").write_text(
        f"from prefect import flow\n@flow\ndef recover():\n    open({str(door.mark)!r}, 'w')\n"
    )
    door.assert_refused(door.run(door.deployment(path=str(door.mark.parent))), "a folder")


def test_pull_steps_are_not_run(door: Door) -> None:
    steps = [{"prefect.deployments.steps.run_shell_script": {"script": f"touch {door.mark}"}}]
    door.assert_refused(door.run(door.deployment(pull_steps=steps)), "steps that fetch code")


def test_pull_steps_that_are_added_to_a_deployment_of_ours_are_not_run(door: Door) -> None:
    deployment = door.deployment()
    steps = json.dumps(
        [{"prefect.deployments.steps.run_shell_script": {"script": f"touch {door.mark}"}}]
    )
    door.patch(f"/deployments/{deployment}", {"pull_steps": json.loads(steps)})
    door.assert_refused(door.run(deployment), "steps that fetch code")


def test_a_run_without_a_deployment_is_not_started(door: Door) -> None:
    flow = door.post("/flows/", {"name": f"door-{uuid4()}"})["id"]
    run = door.post(
        "/flow_runs/", {"flow_id": flow, "state": {"type": "SCHEDULED"}, "work_pool_name": POOL}
    )
    door.assert_refused(UUID(run["id"]), "it belongs to no deployment")


def test_what_was_refused_is_not_tried_again(door: Door) -> None:
    run = door.run(
        door.deployment(entrypoint=FOREIGN), empirical_policy={"retries": 3, "retry_delay": 0}
    )
    door.assert_refused(run, "code that is not ours")
    assert ended(door.run(door.deployment()), SECONDS).is_completed()
    states = door._client.request(
        "GET", "/flow_run_states/", params={"flow_run_id": str(run)}
    ).json()
    assert [one["name"] for one in states] == ["Scheduled", "Failed"]

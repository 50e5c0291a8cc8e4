"""Runs of the flow `trial`, which note what they do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from cli.control_plane import ControlPlane
from cli.prefect_api import PrefectApi
from control.work_pool import WORK_POOL

Found = TypeVar("Found")
MOST_SECONDS = 90
TRIAL = """
import json, os, sys, time
from pathlib import Path
from prefect import flow, get_run_logger, suspend_flow_run
from prefect.exceptions import TerminationSignal

@flow
def trial(notes: str, ending: str = "", requested_by: str = ""):
    try:
        note(notes)
        get_run_logger().info("the first line")
        print("printed by the run", flush=True)
        if ending == "fail":
            raise ValueError("it fails on purpose")
        if ending == "suspend":
            suspend_flow_run(timeout=300)
        while ending == "wait" and not Path(notes + ".go").exists():
            time.sleep(0.1)
    except TerminationSignal:
        print("printed when it was told to end", flush=True)
        raise


def note(notes):
    with open(notes, "a") as file:
        run = os.environ["PREFECT__FLOW_RUN_ID"]
        print(json.dumps({"pid": os.getpid(), "forked": "control.parent" in sys.modules, "run": run}), file=file)
"""


@dataclass
class Trial:
    """A run of the trial flow, and what it noted: one entry a process."""

    api: PrefectApi
    http: httpx.Client
    notes: Path
    id: str = field(default="")

    def start(self, ending: str = "") -> Trial:
        self.id = self.api.start("trial/prod", {"notes": str(self.notes), "ending": ending})
        return self

    def noted(self, count: int = 1) -> list[dict[str, Any]]:
        return until(lambda: self._lines() if len(self._lines()) >= count else None)

    def let_go(self) -> None:
        Path(f"{self.notes}.go").touch()

    def ended_as(self) -> str:
        return until(lambda: state.type if (state := self.api.state(self.id)).final else None)

    def reaches(self, kind: str) -> None:
        until(lambda: self.api.state(self.id).type == kind or None)

    def _lines(self) -> list[dict[str, Any]]:
        return (
            [json.loads(line) for line in self.notes.read_text().splitlines()]
            if self.notes.exists()
            else []
        )


def until(look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    pytest.fail(f"not so within {MOST_SECONDS} s")


def write_trial(folder: Path) -> None:
    package = folder / "trials"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "trial.py").write_text(TRIAL)
    (folder / "deployments.yaml").write_text(
        "deployments: [{name: prod, entrypoint: 'trials.trial:trial'}]"
    )


def client_of(plane: ControlPlane) -> httpx.Client:
    return httpx.Client(
        base_url=plane.api_url, timeout=30, auth=httpx.BasicAuth(*plane.secret.split(":", 1))
    )


def register_trial(plane: ControlPlane) -> None:
    with client_of(plane) as http:
        flow = http.post("/flows/", json={"name": "trial"}).raise_for_status().json()
        http.post(
            "/deployments/",
            json={
                "name": "prod",
                "flow_id": flow["id"],
                "entrypoint": "trials.trial:trial",
                "work_pool_name": WORK_POOL,
            },
        ).raise_for_status()


def printed_since(log: Path, begin: int) -> str:
    """What was added to `log` after its first `begin` bytes: other tests write to it too."""
    return log.read_bytes()[begin:].decode()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def messages(trial: Trial) -> list[str]:
    answer = trial.http.post("/logs/filter", json={"logs": {"flow_run_id": {"any_": [trial.id]}}})
    return [log["message"] for log in answer.json()] if answer.is_success else []

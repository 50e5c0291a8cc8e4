"""Starting and following releases in tests, through the Prefect API and a real worker."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.client.schemas.responses import SetStateStatus

from cli.control_plane import BIN
from setup.places import ROOT
from tasks.people.forms import CHECKLIST
from tests.installation import Installation

_ACCEPTED = SetStateStatus.ACCEPT
POLL_SECONDS = 0.5
MOST_SECONDS = 240
APPROVAL = {
    "decision": "approve",
    "approver": "Josh",
    "reason": "tried it on staging",
    **dict.fromkeys(CHECKLIST, True),
}


def start(deployment: str, **parameters: Any) -> UUID:
    """Start a run of `release/prod`, `rollback/prod`, ... and return its id."""
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(deployment)
        return client.create_flow_run_from_deployment(found.id, parameters=parameters).id


def state_of(run: UUID) -> State[Any]:
    with get_client(sync_client=True) as client:
        return _state_of(run, client)


def _state_of(run: UUID, client: SyncPrefectClient) -> State[Any]:
    state = client.read_flow_run(run).state
    assert state is not None
    return state


def wait(
    run: UUID, until: Callable[[State[Any]], bool], seconds: float = MOST_SECONDS
) -> State[Any]:
    """The state that satisfies `until`. Fails the test when it does not come."""
    end = time.monotonic() + seconds
    with get_client(
        sync_client=True
    ) as client:  # to make one takes as much processor time as ten questions
        while not until(state := _state_of(run, client)):
            assert time.monotonic() < end, f"still {state.name} after {seconds} s: {state.message}"
            time.sleep(POLL_SECONDS)
        return state


def ended(run: UUID, seconds: float = MOST_SECONDS) -> State[Any]:
    return wait(run, lambda state: state.is_final(), seconds)


def suspended(run: UUID, seconds: float = MOST_SECONDS) -> State[Any]:
    """Fails the test when the run ends instead of asking."""
    state = wait(run, lambda state: state.is_paused() or state.is_final(), seconds)
    assert state.is_paused(), f"{state.name}: {state.message}"
    return state


def resume(run: UUID, **answer: Any) -> None:
    """Fill in the form of an acceptance."""
    fill_in(run, {**APPROVAL, **answer})


def fill_in(run: UUID, answer: Mapping[str, Any]) -> None:
    """Prefect keeps the form a moment after it has suspended the run, and refuses an answer until
    then."""
    end = time.monotonic() + MOST_SECONDS
    with get_client(sync_client=True) as client:
        while (found := client.resume_flow_run(run, run_input=dict(answer))).status != _ACCEPTED:
            assert time.monotonic() < end, f"the answer is refused: {found.details}"
            time.sleep(POLL_SECONDS)


def released(deployment: str = "release/prod", **parameters: Any) -> State[Any]:
    """Start, approve where it asks, and wait for the end."""
    run = start(deployment, **parameters)
    state = wait(run, lambda state: state.is_paused() or state.is_final())
    if state.is_paused():
        resume(run)
    return ended(run)


def rollback_command(tidegate: Installation, stack: str, reason: str) -> subprocess.Popen[str]:
    """As a person types it."""
    return subprocess.Popen(
        [BIN / "tidegate", "rollback", stack, "--reason", reason],
        env=tidegate.plane.environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_until(word: str, command: subprocess.Popen[str]) -> str:
    """The next lines, up to the one that has the word."""
    lines = list[str]()
    assert command.stdout is not None
    for line in command.stdout:
        lines.append(line)
        if word in line:
            break
    return "".join(lines)

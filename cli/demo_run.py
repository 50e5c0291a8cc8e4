"""One release run of the demo, through the Prefect API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from tasks.people.forms import CHECKLIST
from tidegate.waiting import looks

POLL_SECONDS = 0.5
MOST_SECONDS = 1800
APPROVAL = {
    "decision": "approve",
    "approver": "demo",
    "reason": "The demo has no terminal: approved through the API.",
    **dict.fromkeys(CHECKLIST, True),
}


@dataclass(frozen=True)
class DemoRun:
    """A flow run of a release."""

    id: UUID

    @classmethod
    def start(cls, name: str, stack: str, version: str, watch_seconds: int) -> DemoRun:
        with get_client(sync_client=True) as client:
            deployment = client.read_deployment_by_name(name)
            run = client.create_flow_run_from_deployment(
                deployment.id,
                parameters={
                    "stack": stack,
                    "version": version,
                    "watch_seconds": watch_seconds,
                    "requested_by": "demo",
                },
            )
        return cls(run.id)

    def approve(self) -> None:
        with get_client(sync_client=True) as client:
            client.resume_flow_run(self.id, run_input=APPROVAL)

    def wait_until_suspended(self) -> bool:
        """False when the run ended without asking."""
        return self._wait(lambda state: state.is_paused() or state.is_final()).is_paused()

    def wait_until_ended(self) -> State[Any]:
        return self._wait(lambda state: state.is_final())

    def _wait(self, reached: Callable[[State[Any]], bool]) -> State[Any]:
        with get_client(sync_client=True) as client:
            for _ in looks(MOST_SECONDS, POLL_SECONDS):
                state = client.read_flow_run(self.id).state
                if state is not None and reached(state):
                    return state
        raise TimeoutError(f"the run {self.id} did not get on within {MOST_SECONDS} s")

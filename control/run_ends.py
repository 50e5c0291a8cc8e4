"""How a run ends whose process has ended."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State, StateType
from prefect.states import Cancelled, Crashed

from control.run_process import RunProcess

ENDED = frozenset(
    {
        StateType.COMPLETED,
        StateType.FAILED,
        StateType.CRASHED,
        StateType.CANCELLED,
        StateType.PAUSED,
        StateType.SCHEDULED,
    }
)
"""What a run says of itself before its process ends. Scheduled: it was suspended and has been
resumed already."""


def end_of(process: RunProcess, code: int | None, *, cancelled: bool) -> State[Any]:
    """Of a run that did not say itself how it ended."""
    if cancelled:
        return Cancelled(message="Cancelled by a person.")
    how = "in a way that nobody saw" if code is None else f"with status code {code}"
    return Crashed(
        message=f"Its process {process.pid} ended {how}. What it was in the middle "
        "of, recover/all finishes."
    )

"""Flow runs of Prefect, as far as one run must speak about another."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled


def cancel_run(run_id: str, message: str) -> None:
    """End a run that waits for a decision which can no longer count. One that Prefect has forgotten is ended already."""
    with get_client(sync_client=True) as client:
        try:
            client.set_flow_run_state(UUID(run_id), Cancelled(message=message), force=True)
        except ObjectNotFound:
            return

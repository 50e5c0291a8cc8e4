"""Whether anybody would start a run now, asked of the Prefect server by a run."""

from __future__ import annotations

from typing import Any

from prefect import get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from tidegate.policy.attendance import BY_THEMSELVES, POOL, Attendance, attendance_of


def attendance() -> Attendance | None:
    """None where the server does not answer: whoever asks has something to say, and says that
    too."""
    if not PREFECT_API_URL.value():
        return None
    try:
        with get_client(sync_client=True) as client:
            return _asked(client)
    except Exception as error:  # whatever is wrong there stops no message
        get_run_logger().warning("nobody can say who starts runs (%s)", type(error).__name__)
        return None


def _asked(client: SyncPrefectClient) -> Attendance:
    pool = client.read_work_pool(POOL)
    queue = client.read_work_queue(pool.default_queue_id)
    workers = client.read_workers_for_work_pool(POOL)
    deployments = {name: _deployment(client, name) for name in BY_THEMSELVES}
    return attendance_of(_json(pool), _json(queue), [_json(one) for one in workers], deployments)


def _deployment(client: SyncPrefectClient, name: str) -> dict[str, Any] | None:
    try:
        return _json(client.read_deployment_by_name(name))
    except ObjectNotFound:
        return None


def _json(found: Any) -> dict[str, Any]:
    """As the server said it."""
    told: dict[str, Any] = found.model_dump(mode="json")
    return told

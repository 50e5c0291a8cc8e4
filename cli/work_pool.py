"""The work pool whose runs start from the warm process. Imports Prefect."""

from __future__ import annotations

import json
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate

from cli.control_plane import WORK_POOL, ControlPlane

JOB_TEMPLATE = Path(__file__).with_name("job_template.json")


def make_work_pool(plane: ControlPlane) -> None:
    """Have it as it is here, however often this is called. By the API: Prefect's command line takes seconds to import."""
    pool = WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=json.loads(JOB_TEMPLATE.read_text()))
    with SyncPrefectClient(plane.api_url, auth_string=plane.secret) as client:
        client.create_work_pool(pool, overwrite=True)

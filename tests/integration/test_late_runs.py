"""What was scheduled while nothing ran, at a real Prefect server whose runs are moved into the past."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Scheduled

from cli.control_plane import ControlPlane
from cli.late_runs import LATE_SECONDS, forget_late_runs
from tests.integration.incident_fixtures import *  # noqa: F403
from tests.integration.incident_fixtures import wait_for

HOURS_AGO = datetime.now(UTC) - timedelta(hours=2)


def runs() -> list[FlowRun]:
    with get_client(sync_client=True) as client:
        return client.read_flow_runs()


@pytest.fixture
def scheduled(control_plane: ControlPlane) -> list[FlowRun]:
    """What the server's scheduler made: the next looks of each schedule."""
    return wait_for(lambda: [run for run in runs() if run.auto_scheduled])


@pytest.fixture
def asked_for(control_plane: ControlPlane) -> Iterator[UUID]:
    """A release that a person planned for a time at which nothing ran."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("release/prod").id
        run = client.create_flow_run_from_deployment(deployment, parameters={"stack": "cloudlens", "version": "v1.0.0"},
                                                     state=Scheduled(scheduled_time=HOURS_AGO)).id
        yield run
        client.delete_flow_run(run)


def move_to(plane: ControlPlane, moved: list[FlowRun], at: datetime) -> None:
    with closing(sqlite3.connect(plane.settings.home / "prefect" / "prefect.db", timeout=30)) as database, database:
        database.executemany("UPDATE flow_run SET expected_start_time = ? WHERE id = ?",
                             [(f"{at:%Y-%m-%d %H:%M:%S.%f}", str(run.id)) for run in moved])


def test_late_looks_are_forgotten_and_what_a_person_asked_for_stays(
        control_plane: ControlPlane, scheduled: list[FlowRun], asked_for: UUID) -> None:
    late, due = scheduled[:3], scheduled[3:]
    move_to(control_plane, late, HOURS_AGO)
    assert forget_late_runs(control_plane) == 3
    left = {run.id for run in runs()}
    assert asked_for in left
    assert not left & {run.id for run in late}
    assert left >= {run.id for run in due}


def test_what_is_due_now_stays(control_plane: ControlPlane, scheduled: list[FlowRun]) -> None:
    move_to(control_plane, scheduled[:1], datetime.now(UTC) - timedelta(seconds=LATE_SECONDS / 2))
    assert forget_late_runs(control_plane) == 0
    assert scheduled[0].id in {run.id for run in runs()}

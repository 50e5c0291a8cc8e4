"""Runs at a real Prefect server, moved to another time in its own database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import LogCreate
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed, Pending, Running

from cli.control_plane import ControlPlane


def runs() -> list[FlowRun]:
    with get_client(sync_client=True) as client:
        return client.read_flow_runs()


@contextmanager
def prefect_database(plane: ControlPlane) -> Iterator[sqlite3.Connection]:
    """The server's own; what was changed is kept when the block ends."""
    file = plane.settings.home / "prefect" / "prefect.db"
    with closing(sqlite3.connect(file, timeout=30)) as database, database:
        yield database


def as_stored(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S.%f}"


def move_to(plane: ControlPlane, moved: list[FlowRun], at: datetime) -> None:
    with prefect_database(plane) as database:
        database.executemany(
            "UPDATE flow_run SET expected_start_time = ? WHERE id = ?",
            [(as_stored(at), str(run.id)) for run in moved],
        )


def minute_run(plane: ControlPlane) -> UUID:
    with get_client(sync_client=True) as client:
        return client.create_flow_run_from_deployment(
            client.read_deployment_by_name("watch/all").id
        ).id


def begin(run: UUID, *states: State[Any]) -> State[Any]:
    """As a worker and its run do it; the state that the server gives it."""
    with get_client(sync_client=True) as client:
        for state in states:
            client.set_flow_run_state(run, state)
        now = client.read_flow_run(run).state
    assert now is not None
    return now


def as_a_schedule_made_it(plane: ControlPlane, run: UUID, since: datetime) -> None:
    with prefect_database(plane) as database:
        database.execute("UPDATE flow_run SET auto_scheduled = 1 WHERE id = ?", (str(run),))
        database.execute(
            "UPDATE flow_run_state SET timestamp = ? WHERE id = (SELECT state_id FROM flow_run WHERE id = ?)",
            (as_stored(since), str(run)),
        )


def ended_run(plane: ControlPlane, days_ago: int) -> UUID:
    """A run with a line in its log, which has ended so long ago."""
    run, at = minute_run(plane), datetime.now(UTC) - timedelta(days=days_ago)
    begin(run, Pending(), Running(), Completed())
    with get_client(sync_client=True) as client:
        client.create_logs(
            [LogCreate(name="test", level=20, message="a line", timestamp=at, flow_run_id=run)]
        )
    with prefect_database(plane) as database:
        database.execute(
            "UPDATE flow_run SET end_time = ? WHERE id = ?",
            (as_stored(at), str(run)),
        )
    return run

"""What an earlier control plane left at a real Prefect server: late runs, and a work pool of
another type."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate, BlockSchemaCreate, WorkPoolCreate
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed, Failed, Paused, Pending, Running, Scheduled

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeAddresses
from cli.control_plane import ControlPlane
from cli.edge import register_blocks
from cli.late_runs import LATE_SECONDS, end_lost_runs, forget_late_runs
from control.seldom import KEPT_DAYS
from control.work_pool import WORK_POOL, make_work_pool
from setup.places import ROOT
from tasks.frame.runs import QUIET, forget_needless_looks
from tests.integration.incident_fixtures import *  # noqa: F403
from tests.integration.incident_fixtures import wait_for
from tests.integration.server_runs import (
    as_a_schedule_made_it,
    begin,
    ended_run,
    minute_run,
    move_to,
    runs,
)

HOURS_AGO = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture
def scheduled(control_plane: ControlPlane) -> list[FlowRun]:
    """What the server's scheduler made: the next looks of each schedule."""
    return wait_for(lambda: [run for run in runs() if run.auto_scheduled])


@pytest.fixture
def asked_for(control_plane: ControlPlane) -> Iterator[UUID]:
    """A release that a person planned for a time at which nothing ran."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("release/prod").id
        run = client.create_flow_run_from_deployment(
            deployment,
            parameters={"stack": "cloudlens", "version": "v1.0.0"},
            state=Scheduled(scheduled_time=HOURS_AGO),
        ).id
        yield run
        client.delete_flow_run(run)


def test_late_looks_are_forgotten_and_what_a_person_asked_for_stays(
    control_plane: ControlPlane, scheduled: list[FlowRun], asked_for: UUID
) -> None:
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


def test_a_look_that_goes_on_is_not_joined_by_the_next_one_and_its_end_makes_room(
    control_plane: ControlPlane,
) -> None:
    first, second, third = (minute_run(control_plane) for _ in range(3))
    assert begin(first, Pending(), Running()).is_running()
    refused = begin(second, Pending())
    assert refused.is_cancelled()
    assert "concurrency limit" in str(refused.message)
    assert begin(first, Completed()).is_completed()
    assert begin(third, Pending(), Running(), Completed()).is_completed()


def test_a_look_that_died_with_its_machine_makes_room_at_the_next_start(
    control_plane: ControlPlane,
) -> None:
    lost, living = minute_run(control_plane), minute_run(control_plane)
    begin(lost, Pending(), Running())
    as_a_schedule_made_it(control_plane, lost, datetime.now(UTC) - timedelta(minutes=5))
    assert begin(living, Pending()).is_cancelled()
    assert end_lost_runs(control_plane) == 1
    again = minute_run(control_plane)
    assert begin(again, Pending(), Running()).is_running()
    with get_client(sync_client=True) as client:
        client.update_flow_run(again, infrastructure_pid=str(os.getpid()))
    as_a_schedule_made_it(control_plane, again, datetime.now(UTC) - timedelta(minutes=5))
    assert end_lost_runs(control_plane) == 0
    assert begin(again, Completed()).is_completed()


def test_a_look_takes_earlier_ones_out_of_the_list_that_say_nothing_new(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that is gone makes each look red: once in the list is enough."""
    ended: list[State[Any]] = [
        Completed(name=QUIET),
        Failed(message="shop is gone"),
        Failed(message="mill is gone"),
        Failed(message="shop is gone"),
        Completed(message="it was worse"),
        Completed(name=QUIET),
    ]
    made = [minute_run(control_plane) for _ in ended]
    for run, state in zip(made, ended, strict=True):
        begin(run, Pending(), Running(), state)
    with get_client(sync_client=True) as client:
        monkeypatch.setenv(
            "PREFECT__RUNTIME__DEPLOYMENT__ID", str(client.read_deployment_by_name("watch/all").id)
        )
    forget_needless_looks()
    left = {run.id for run in runs()}
    assert [run in left for run in made] == [False, False, True, True, True, False]


def test_the_server_is_told_to_forget_runs_and_after_how_many_days(
    control_plane: ControlPlane,
) -> None:
    """Its service for that is off unless it is asked for."""
    told = control_plane.server_environment()
    code = (
        "from prefect.settings import get_current_settings as s; v = s().server.services.db_vacuum; "
        "print(sorted(v.enabled_vacuum_types), v.retention_period.days)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=told,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert shown.stdout.strip() == f"['events', 'flow_runs', 'orphans'] {KEPT_DAYS}"


def test_what_is_older_than_that_is_really_deleted_with_its_log(
    control_plane: ControlPlane,
) -> None:
    """By Prefect's own service, with our settings, in a server's database."""
    old, young = (ended_run(control_plane, days) for days in (KEPT_DAYS + 1, KEPT_DAYS - 1))
    code = (
        "import asyncio; from prefect.server.database import provide_database_interface as database; "
        "from prefect.server.services.db_vacuum import vacuum_old_flow_runs as vacuum; asyncio.run(vacuum(db=database()))"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        env=control_plane.server_environment(),
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    left = {run.id for run in runs()}
    assert (old in left, young in left) == (False, True)
    with get_client(sync_client=True) as client:
        logs = {
            one.flow_run_id
            for one in client.read_logs(
                LogFilter(flow_run_id=LogFilterFlowRunId(any_=[old, young]))
            )
        }
    assert logs == {young}


def test_hosts_of_version_0_1_are_carried_over_to_the_type_of_now(
    control_plane: ControlPlane,
) -> None:
    """What was changed there since stays, and what is prefect-docker's own is not ours."""
    with get_client(sync_client=True) as client:
        old = client.read_block_type_by_slug("docker-host")
        for name, data in {
            "farm": {"url": "unix:///farm.sock", "edge_network": "farm"},
            "mine": {"url": "unix:///old.sock"},
            "theirs": {"base_url": "tcp://elsewhere:2375"},
        }.items():
            schema = client.create_block_schema(
                BlockSchemaCreate(
                    fields={
                        "title": name,
                        "type": "object",
                        "properties": {key: {"type": "string"} for key in data},
                    },
                    block_type_id=old.id,
                    version="0.1",
                )
            )
            client.create_block_document(
                BlockDocumentCreate(
                    name=name, data=data, block_type_id=old.id, block_schema_id=schema.id
                )
            )
    DockerHost(url="unix:///new.sock").save("mine")
    for _ in range(2):  # each `make run` does it
        register_blocks(
            control_plane.settings,
            EdgeAddresses("edge", "http://127.0.0.1:1", "http://127.0.0.1:2"),
        )
        assert [host(name) for name in ("farm", "mine")] == [
            ("unix:///farm.sock", "farm"),
            ("unix:///new.sock", "tidegate-edge"),
        ]
    with pytest.raises(ValueError, match="theirs"):
        host("theirs")


def host(name: str) -> tuple[str, str]:
    """Where its engine is, and what its edge is called."""
    found = DockerHost.load(name)
    assert isinstance(found, DockerHost)
    return found.url, found.edge_network


def test_a_pool_of_another_type_is_replaced_and_what_waited_in_it_says_so(
    control_plane: ControlPlane, scheduled: list[FlowRun]
) -> None:
    waiting = in_a_process_pool()
    make_work_pool(control_plane.api_url, control_plane.secret)
    control_plane.register_deployments()
    with get_client(sync_client=True) as client:
        assert client.read_work_pool(WORK_POOL).type == "tidegate"
        state = client.read_flow_run(waiting).state
        assert state is not None
        assert state.is_cancelled()
        assert "Start it again" in str(state.message)
        assert client.read_deployment_by_name("recover/all").work_pool_name == WORK_POOL
    assert wait_for(
        lambda: [run for run in runs() if run.auto_scheduled and run.work_pool_name == WORK_POOL]
    )


def in_a_process_pool() -> UUID:
    """As version 0.1 left it: a release that waits for a decision."""
    with get_client(sync_client=True) as client:
        client.delete_work_pool(WORK_POOL)
        client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process"))
        flow = client.create_flow_from_name("release")
        deployment = client.create_deployment(
            flow_id=flow, name="old", work_pool_name=WORK_POOL, entrypoint="flows.release:release"
        )
        return client.create_flow_run_from_deployment(deployment, state=Paused()).id

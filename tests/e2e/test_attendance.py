"""A real server says who starts runs: a paused pool, a sleeping schedule, a killed worker are
named, by command and by run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.logging import disable_run_logger

from cli.attendance import absent
from cli.prefect_api import PrefectApi
from cli.status import warnings
from tasks.frame.attendance import attendance
from tests.installation import Installation
from tidegate.policy.attendance import POOL, absences


def told(tidegate: Installation) -> list[str]:
    """By the command and by a run, who say the same."""
    with disable_run_logger():
        by_run = absences(attendance(), datetime.now(UTC), language="en", time_zone="UTC")
    by_command = absent(
        tidegate.settings, PrefectApi(tidegate.plane.api_url, tidegate.settings.api_auth())
    )
    assert by_command == by_run
    return by_command


def set_pool(*, paused: bool) -> None:
    with get_client(sync_client=True) as client:
        client.update_work_pool(POOL, WorkPoolUpdate(is_paused=paused))


def set_queue(*, paused: bool) -> None:
    with get_client(sync_client=True) as client:
        client.update_work_queue(client.read_work_pool(POOL).default_queue_id, is_paused=paused)


def set_watch(*, paused: bool) -> None:
    with get_client(sync_client=True) as client:
        one = client.read_deployment_by_name("watch/all").id
        (client.pause_deployment if paused else client.resume_deployment)(one)


@pytest.fixture
def well(tidegate: Installation) -> Iterator[Installation]:
    """As it was, after the test too."""
    assert told(tidegate) == []
    yield tidegate
    set_pool(paused=False)
    set_queue(paused=False)
    set_watch(paused=False)
    tidegate.plane.start_worker()
    assert told(tidegate) == []


@pytest.mark.parametrize(
    ("pause", "said"),
    [
        (set_pool, "The work pool is paused: "),
        (set_queue, "The work pool is paused: "),
        (set_watch, "watch/all is paused or has no schedule: "),
    ],
)
def test_what_somebody_paused_is_named(
    well: Installation, pause: Callable[..., None], said: str
) -> None:
    pause(paused=True)
    [sentence] = told(well)
    assert sentence.startswith(said)


def test_a_worker_that_was_killed_is_missed_at_once(
    well: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = well.plane.worker.pid()
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    end = time.monotonic() + 10
    while well.plane.worker.pid() is not None:
        assert time.monotonic() < end
        time.sleep(0.02)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    [sentence] = warnings(well.settings)
    assert sentence.startswith("No worker is heard (last: 2")

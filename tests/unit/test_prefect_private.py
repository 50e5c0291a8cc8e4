"""Each thing of Prefect that we use and that Prefect does not document does what we use it for.
That transactions on SQLite wait for their turn is shown by tests/integration/test_server.py."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.server.api import background_workers
from pytest_mock import MockerFixture

from control.prefect_private import do_background_work_each
from setup.places import ROOT

CANCELLED = """
import os, signal
from prefect.engine import get_intent
from prefect.utilities.engine import capture_sigterm
from prefect.exceptions import TerminationSignal
from control.prefect_private import say_cancelled
try:
    with capture_sigterm():
        say_cancelled()
        os.kill(os.getpid(), signal.SIGTERM)
except TerminationSignal:
    print(get_intent())
"""


def test_a_run_that_was_told_so_takes_its_end_for_a_cancellation() -> None:
    told = subprocess.run(
        [sys.executable, "-c", CANCELLED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.split() == ["cancel"]


def test_the_servers_background_worker_takes_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: Any = background_workers
    assert "Worker(docket)" in inspect.getsource(background_workers.background_worker)
    assert {"minimum_check_interval", "scheduling_resolution"} <= set(
        inspect.signature(taken.Worker).parameters
    )
    monkeypatch.setattr(background_workers, "Worker", taken.Worker)
    do_background_work_each(1.5)
    assert taken.Worker.keywords == dict.fromkeys(
        ("minimum_check_interval", "scheduling_resolution"), timedelta(seconds=1.5)
    )


def test_the_servers_background_worker_works_without_asking_for_cancellations(
    monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture
) -> None:
    taken: Any = background_workers
    monkeypatch.setattr(background_workers, "Worker", taken.Worker)
    do_background_work_each(0.05)
    asked = mocker.patch("burner_redis.pubsub.PubSub.psubscribe")
    done: list[int] = []

    async def work() -> None:
        async with (
            taken.Docket(name="ours", url="memory://") as docket,
            taken.Worker(docket) as worker,
        ):
            for number in range(3):
                await docket.add(one)(number)
            await asyncio.wait_for(worker.run_until_finished(), 20)

    async def one(number: int) -> None:
        done.append(number)

    asyncio.run(work())
    assert (sorted(done), asked.call_count) == ([0, 1, 2], 0)


def test_prefect_cancels_no_background_work() -> None:
    """So nobody listens for it."""
    docket, folder = (
        vars(background_workers)["Docket"],
        Path(background_workers.__file__).parents[1],
    )
    found = [
        file.name
        for file in folder.rglob("*.py")
        if "docket.cancel(" in file.read_text(encoding="utf-8")
    ]
    assert (found, "async def cancel(" in inspect.getsource(docket)) == ([], True)

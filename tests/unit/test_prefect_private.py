"""Each thing of Prefect that we use and that Prefect does not document does what we use it for. That transactions on SQLite
wait for their turn is shown by tests/integration/test_server.py."""

from __future__ import annotations

import inspect
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from prefect.server.api import background_workers

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
    told = subprocess.run([sys.executable, "-c", CANCELLED], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.split() == ["cancel"]


def test_the_servers_background_worker_takes_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: Any = background_workers
    ours = inspect.signature(taken.Worker).parameters
    monkeypatch.setattr(background_workers, "Worker", taken.Worker)
    do_background_work_each(1.5)
    assert {"minimum_check_interval", "scheduling_resolution"} <= set(ours)
    assert taken.Worker.keywords == dict.fromkeys(("minimum_check_interval", "scheduling_resolution"), timedelta(seconds=1.5))
    assert "Worker(docket)" in inspect.getsource(background_workers.background_worker)

"""What happens in the process of a run."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from types import FrameType
from typing import Any, cast
from uuid import UUID

from prefect.engine import handle_engine_signals
from prefect.flow_engine import load_flow_run, run_flow
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.logging.loggers import flow_run_logger

from control.prefect_private import say_cancelled

CANCEL = signal.SIGUSR1


def carry_out(run: str, entrypoint: str) -> None:
    """Run the flow at `entrypoint` for the flow run `run`, as `python -m prefect.engine` does, but
    by this entrypoint: what the deployment says now is not read again."""
    show_name(UUID(run))
    os.setsid()  # it can be killed with all that it started, and does not die with the worker
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(CANCEL, _cancel)
    os.environ["PREFECT__FLOW_RUN_ID"] = run
    with handle_engine_signals(UUID(run)):
        flow_run = load_flow_run(UUID(run))
        flow: Flow[..., Any] = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
        run_flow(
            flow, flow_run=flow_run, error_logger=cast(logging.Logger, flow_run_logger(flow_run))
        )


def name_of(run: UUID) -> str:
    """Of the process of a run, by which another worker knows it: Linux keeps fifteen bytes.

    Ids begin with their time (UUIDv7), so runs of the same minute differ at the end alone.
    """
    return f"run-{run.node & 0xFFFFFFFFFFF:011x}"


def show_name(run: UUID) -> None:
    Path("/proc/self/comm").write_text(name_of(run))


def _cancel(number: int, frame: FrameType | None) -> None:
    """Prefect's engine ends a run at SIGTERM; this tells it that a person wanted it, so the run is
    Cancelled, not Crashed. Once: what it does to come to its end is not cut short by a second
    worker."""
    signal.signal(CANCEL, signal.SIG_IGN)
    say_cancelled()
    os.kill(os.getpid(), signal.SIGTERM)

"""The process that runs are forked from. Python's fork server imports this module; nobody else
does.

It has one thread, so that forking is safe, and every flow imported, so that a run begins at
once."""

from __future__ import annotations

import gc
import importlib
import signal
import traceback
from collections.abc import Iterable

from control.served import modules_of, served_entrypoints
from control.warm import build_models
from tidegate.imports import imports_are_done

# What Prefect and its libraries import only when a run begins.
LATE = (
    "prefect.engine",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.deployments.steps.pull",
    "prefect.utilities.visualization",
    "anyio._backends._asyncio",
    "packaging.requirements",
    "rich._emoji_codes",
    "encodings.idna",
    "control.run_body",
)


def import_all(modules: Iterable[str]) -> None:
    """A flow that cannot be imported stops no other one: it fails in its own run, where a person
    sees it."""
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception:
            traceback.print_exc()


# a stop is for the runs; the fork server ends when worker and runs are gone
signal.signal(signal.SIGTERM, signal.SIG_IGN)
import_all([*LATE, *modules_of(served_entrypoints())])
build_models()
gc.collect()
imports_are_done()  # a collection in a run would copy every page that it shares with us
print("parent: ready", flush=True)

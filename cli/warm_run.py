"""What is imported before a run asks for a process, and how a forked process becomes that run."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import pkgutil
import runpy
import signal
import sys
import time
import traceback
from typing import NoReturn

ENGINE = "prefect.engine"
PR_SET_PDEATHSIG = 1   # prctl(2)
# What Prefect and its libraries import only when a run begins.
LATE = ("prefect.flow_engine", "prefect.task_engine", "prefect.deployments.steps.pull", "prefect.utilities.visualization",
        "anyio._backends._asyncio", "packaging.requirements", "rich._emoji_codes", "encodings.idna")


def import_all(packages: list[str]) -> None:
    """Prefect and every module of `packages`. One that cannot be imported fails in its own run, where a person sees it."""
    for name in (ENGINE, *LATE):
        importlib.import_module(name)
    for package in packages:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            try:
                importlib.import_module(module.name)
            except Exception:
                traceback.print_exc()


def become_run(request: int, output: int, errors: int) -> NoReturn:
    """What `python -m prefect.engine` does, in this forked process. Ends it as the interpreter ends a program."""
    _belong_to_shepherd()
    for passed, stream in ((output, sys.stdout), (errors, sys.stderr)):
        os.dup2(passed, stream.fileno())
        os.close(passed)
    _take_surroundings(request)
    sys.argv[1:] = []   # the engine takes the run's id from its environment
    del sys.modules[ENGINE]   # or runpy warns that it runs a module for the second time
    runpy.run_module(ENGINE, run_name="__main__", alter_sys=True)
    sys.exit(0)


def _belong_to_shepherd() -> None:
    """A session of its own, so that it can be killed with all it started; and no life without its shepherd."""
    os.setsid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _take_surroundings(request: int) -> None:
    with open(request) as file:
        file.seek(0)
        wanted = json.load(file)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    time.tzset()
    os.chdir(wanted["directory"])
    added = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry not in sys.path]
    sys.path[:1] = [wanted["directory"], *added]
    _read_settings_again()


def _read_settings_again() -> None:
    from prefect.context import refresh_global_settings_context
    from prefect.logging.configuration import setup_logging

    refresh_global_settings_context()
    setup_logging(incremental=False)

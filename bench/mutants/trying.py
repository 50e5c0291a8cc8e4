"""A process that tries tests against the files of its folder as they are at that moment. It has
imported before what stays as it is, and forks for each trial.

It is told one trial a line, as JSON: the arguments of pytest, and how long they may take.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import pytest

import blocks
import tidegate

NOT_ENDED = -1
IMPORTED_BEFORE = "ignore::pytest.PytestAssertRewriteWarning"


def main() -> None:
    for package in (tidegate, blocks):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not one.name.startswith("blocks.migrators"):  # what runs inside of images is there
                importlib.import_module(one.name)
    for line in sys.stdin:
        asked = json.loads(line)
        print(tried(asked["arguments"], asked["seconds"]), flush=True)


def tried(arguments: Sequence[str], seconds: float) -> int:
    """The exit code of pytest; `NOT_ENDED` where it took longer and was killed."""
    child = os.fork()
    if child == 0:
        _try(arguments)
    opened = os.pidfd_open(child)
    try:
        if select.select([opened], [], [], seconds)[0]:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(opened)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return NOT_ENDED


def _try(arguments: Sequence[str]) -> NoReturn:
    """In a group of its own, with what the tests start."""
    os.setsid()
    sys.dont_write_bytecode = True
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    try:
        os._exit(pytest.main([*arguments, "-W", IMPORTED_BEFORE]))
    except BaseException:
        os._exit(pytest.ExitCode.INTERNAL_ERROR)


if __name__ == "__main__":
    main()

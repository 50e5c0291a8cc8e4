"""A process that tries tests against the files of its folder as they are at that moment. It has
imported before what stays as it is, and forks for each trial.

It is told one trial a line, as JSON: the arguments of pytest, and how long they may take. It tells
the exit code, and how many tests were begun.
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
MOST_BEGUN = 65536  # a pipe holds so many bytes
IMPORTED_BEFORE = "ignore::pytest.PytestAssertRewriteWarning"


def main() -> None:
    for package in (tidegate, blocks):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not one.name.startswith("blocks.migrators"):  # what runs inside of images is there
                importlib.import_module(one.name)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(tried(asked["arguments"], asked["seconds"])), flush=True)


def tried(arguments: Sequence[str], seconds: float) -> tuple[int, int]:
    """The exit code of pytest, `NOT_ENDED` where it took longer and was killed; and how many tests
    were begun."""
    begun, told = os.pipe()
    os.set_blocking(begun, False)
    child = os.fork()
    if child == 0:
        _try(arguments, told)
    try:
        ended = _ended(child, seconds)
        return ended, len(os.read(begun, MOST_BEGUN))
    except BlockingIOError:
        return ended, 0
    finally:
        os.close(begun)
        os.close(told)


def _ended(child: int, seconds: float) -> int:
    opened = os.pidfd_open(child)
    try:
        if select.select([opened], [], [], seconds)[0]:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(opened)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return NOT_ENDED


class Telling:
    """A plugin of pytest: one byte for each test that is begun."""

    def __init__(self, told: int) -> None:
        self.told = told

    def pytest_runtest_logstart(self) -> None:
        os.write(self.told, b".")


def _try(arguments: Sequence[str], told: int) -> NoReturn:
    """In a group of its own, with what the tests start."""
    os.setsid()
    sys.dont_write_bytecode = True
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    try:
        os._exit(pytest.main([*arguments, "-W", IMPORTED_BEFORE], [Telling(told)]))
    except BaseException:
        os._exit(pytest.ExitCode.INTERNAL_ERROR)


if __name__ == "__main__":
    main()

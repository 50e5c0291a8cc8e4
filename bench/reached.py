"""A plugin of pytest: which functions of some folders each test enters, and how long it takes.

Only entries are heard, no lines: the suites take little longer with it.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest


@dataclass(eq=False)
class Listener:
    """Hears which functions are entered below `root` in `folders`, in every thread:
    `tasks/frame/step.py:39` is the one that begins there."""

    root: Path
    folders: tuple[str, ...]
    entered: set[str] = field(default_factory=set)
    tests: dict[str, tuple[float, list[str]]] = field(default_factory=dict)
    """Name of a test -> its seconds, and what it has entered."""
    _known: dict[str, str] = field(default_factory=dict)
    """File name of a code object -> below `root`; empty where nothing is to be heard."""

    def hear(self, frame: FrameType, _event: str, _argument: object) -> None:
        code = frame.f_code
        file = self._known.get(code.co_filename)
        if file is None:
            file = self._known[code.co_filename] = self._below_root(code.co_filename)
        if file:
            self.entered.add(f"{file}:{code.co_firstlineno}")

    def _below_root(self, file: str) -> str:
        path = Path(file)
        if not path.is_relative_to(self.root):
            return ""
        below = path.relative_to(self.root)
        return str(below) if below.parts[0] in self.folders else ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """What a shared fixture enters counts for the test that asked for it first."""
        self.entered = set()
        threading.settrace(self.hear)
        sys.settrace(self.hear)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before, _ = self.tests.get(report.nodeid, (0.0, []))
        self.tests[report.nodeid] = before + report.duration, sorted(self.entered)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reached", metavar="FILE", help="where to write what each test enters")
    parser.addoption("--reached-in", metavar="FOLDERS", help="in which folders, comma between")


def pytest_configure(config: pytest.Config) -> None:
    folders = tuple(config.getoption("--reached-in").split(","))
    config.pluginmanager.register(Listener(config.rootpath, folders), Listener.__name__)


def pytest_unconfigure(config: pytest.Config) -> None:
    listener = config.pluginmanager.get_plugin(Listener.__name__)
    assert isinstance(listener, Listener)
    Path(config.getoption("--reached")).write_text(json.dumps(listener.tests))

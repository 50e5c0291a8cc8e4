"""A plugin of pytest: which lines of some folders each test carries out, and how long it takes.

Lines of other folders are not heard: the suites take half as long again with it, or less.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest


@dataclass(eq=False)
class Listener:
    """Hears which lines are carried out below `root` in `folders`, in every thread. The line where
    a function begins is heard when the function is entered."""

    root: Path
    folders: tuple[str, ...]
    heard: set[tuple[str, int]] = field(default_factory=set)
    tests: dict[str, float] = field(default_factory=dict)
    """Name of a test -> its seconds."""
    imported: set[tuple[str, int]] = field(default_factory=set)
    """What is carried out before any test: at import."""
    failed: set[str] = field(default_factory=set)
    lines: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """`tasks/frame/step.py:39` -> the tests that carry it out."""
    _tracers: dict[str, Any] = field(default_factory=dict)
    """File name of a code object -> what hears its lines; None where nothing is to be heard."""

    def hear(self, frame: FrameType, event: str, argument: object) -> Any:
        name = frame.f_code.co_filename
        if name not in self._tracers:
            file = self._below_root(name)
            self._tracers[name] = self._tracer(file) if file else None
        tracer = self._tracers[name]
        return tracer(frame, event, argument) if tracer else None

    def _tracer(self, file: str) -> Any:
        def hear_line(frame: FrameType, event: str, _argument: object) -> Any:
            self.heard.add((file, frame.f_lineno))
            return hear_line

        return hear_line

    def _below_root(self, file: str) -> str:
        path = Path(file)
        if not path.is_relative_to(self.root):
            return ""
        below = path.relative_to(self.root)
        return str(below) if below.parts[0] in self.folders else ""

    def pytest_collection_finish(self) -> None:
        sys.settrace(None)
        self.imported = self.heard

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """What a shared fixture carries out counts for the test that asked for it first."""
        self.heard = set()
        threading.settrace(self.hear)
        sys.settrace(self.hear)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            for file, line in self.heard:
                self.lines[f"{file}:{line}"].add(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.tests[report.nodeid] = self.tests.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reached", metavar="FILE", help="where to write what each test carries out")
    parser.addoption("--reached-in", metavar="FOLDERS", help="in which folders, comma between")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Before anything of the folders is imported."""
    folders = tuple(early_config.known_args_namespace.reached_in.split(","))
    listener = Listener(early_config.rootpath, folders)
    early_config.pluginmanager.register(listener, Listener.__name__)
    sys.settrace(listener.hear)


def pytest_unconfigure(config: pytest.Config) -> None:
    listener = config.pluginmanager.get_plugin(Listener.__name__)
    assert isinstance(listener, Listener)
    sound = {name: took for name, took in listener.tests.items() if name not in listener.failed}
    number = {name: place for place, name in enumerate(sound)}
    lines = {
        line: [number[name] for name in names if name in number]
        for line, names in listener.lines.items()
    }
    imported = [f"{file}:{line}" for file, line in sorted(listener.imported)]
    told = {"tests": [*sound.items()], "lines": lines, "imported": imported}
    Path(config.getoption("--reached")).write_text(json.dumps(told))

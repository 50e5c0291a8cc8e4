"""One installation for each process of tests, and the states of it in which stories begin."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from flows.release import release
from tests.flows.asking import answering, asked
from tests.flows.installation import Installation, Kept, installed, write_stack
from tests.flows.stories import Story

IN_MEMORY = Path("/dev/shm")
_BEGAN = pytest.StashKey[float]()


@dataclass
class Library:
    """The states in which stories begin, each made once by real releases."""

    made: Installation
    fresh: Kept
    known: dict[tuple[object, ...], Kept] = field(default_factory=dict)

    def begin(self, story: Story) -> Installation:
        """The installation, right before the story is told."""
        self.made.begin_from(self._prepared(story))
        self.made.world.moments.begin_anew()
        return self.made

    def _prepared(self, story: Story) -> Kept:
        """Made once: what comes before a story is often releases too."""
        key = (*_kind(story), story.prepare)
        if key not in self.known:
            self.made.begin_from(self._released(story))
            story.prepare(self.made)
            self.known[key] = self.made.keep()
        return self.known[key]

    def _released(self, story: Story) -> Kept:
        key = _kind(story)
        if key not in self.known:
            self.made.begin_from(self.fresh)
            write_stack(
                self.made.home.parent,
                with_staging=story.with_staging,
                with_routes=story.with_routes,
                is_built=story.is_built,
                in_place=story.in_place,
                with_blog=story.with_blog,
            )
            self.made.prefect.answer = answering("approve")
            wanted = [asked(version) for version in story.before]
            wanted += [asked("v1.0.0", stack="blog")] if story.with_blog else []
            for one in wanted:
                assert self.made.prefect.start(release, **one).state.is_completed(), one
            self.known[key] = self.made.keep()
        return self.known[key]


def _kind(story: Story) -> tuple[object, ...]:
    """What two stories with the same past have in common."""
    return (
        story.with_staging,
        story.with_routes,
        story.is_built,
        story.in_place,
        story.with_blog,
        story.before,
    )


@pytest.fixture(scope="package")
def library() -> Iterator[Library]:
    """On a file system in memory, where there is one: a ledger is written and copied thousands of
    times. Afterwards the home of the process is another one again."""
    with (
        TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder,
        installed(Path(folder)) as made,
    ):
        yield Library(made, made.keep())


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_BEGAN] = time.monotonic()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    cases = sum(
        int(str(count)) for one in reports for name, count in one.user_properties if name == "cases"
    )
    if cases:
        seconds = time.monotonic() - config.stash[_BEGAN]
        terminalreporter.write_line(f"flows in memory: {cases} cases in {seconds:.0f} s")

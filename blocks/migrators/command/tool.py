"""What a migration tool is, where it is spoken to in commands and writes down each migration that
it has applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegate.errors import EngineError, MigrationError
from tidegate.facts import Job, Outcome
from tidegate.ports import JobRunner
from tidegate.schema.changes import SqlSource
from tidegate.schema.migration_sql import Engine
from tidegate.schema.ports import ImageFiles
from tidegate.secrecy.outside_text import clean_end, last_lines

Argv = tuple[str, ...]
Down = Callable[[Sequence[str], Sequence[str], str], Iterable[Argv]]
"""From the names to be undone and those that stay, each in the order in which they were applied,
and the state to go down to: the commands."""
Place = tuple[str, Any]
"""The line in which a migration stands, and its place there."""


@dataclass(frozen=True)
class Image:
    """An image that nobody has accepted. Its files are read without starting it, and its code runs
    sealed."""

    host: JobRunner
    files: ImageFiles
    name: str
    stand_ins: Mapping[str, str] = field(repr=False)
    """The application's environment with other values: see `tidegate.stack.stand_ins`."""
    key: str
    """Wide to narrow: `prod/cloudlens/plan/main`."""
    directory: str
    engine: Engine
    timeout_seconds: float = 120

    @property
    def doing(self) -> str:
        return f"reading the schema history of {self.name}"

    def ask(self, command: Argv, stdin: bytes | None = None) -> Outcome:
        """Run `command` sealed. Raises MigrationError where it fails."""
        try:
            outcome = self.host.run(
                Job(
                    key=f"{self.key}/inspect",
                    image=self.name,
                    command=command,
                    stdin=stdin,
                    sealed=True,
                    working_directory=self.directory,
                    environment=self.stand_ins,
                    timeout_seconds=self.timeout_seconds,
                )
            )
        except EngineError as error:
            if error.retryable:
                raise
            raise MigrationError(self.doing, error.came_back, _READABLE) from None
        if outcome.exit_code:
            raise MigrationError(
                self.doing,
                f"{command[0]} ended with exit code {outcome.exit_code}: {said(outcome)}",
                _READABLE,
            )
        return outcome

    def folder(self, path: str) -> Mapping[str, str]:
        """The files below `path`. Raises MigrationError where there are none."""
        found = self.files.read(self.name, path, key=f"{self.key}/files")
        if not found:
            raise MigrationError(
                self.doing,
                f"there are no files in {path}",
                "Say under `migrations` where they lie: `files`, the folder inside the image",
            )
        return found


_LINES = 12  # Rails names the cause first, and the lines that led to it afterwards
_READABLE = "Make it work without a network, a database and the environment's values"


@dataclass(frozen=True)
class Tool:
    """One tool, as one application uses it."""

    contents: Callable[[Image, Sequence[str]], Sequence[SqlSource]]
    """All migrations of an image, in their order; the SQL is needed of those that are not among the
    applied names."""
    question: str
    """SQL: the names of what was applied, one a row, in that order."""
    up: Argv
    """Applies all that the image has."""
    down: Down | None
    adopt: str
    """What to do where there are tables, and the tool has written nothing down."""
    table: str = ""
    """The tool's own; empty where the question is the team's."""
    named: Callable[[str], str] = str
    """From a name as the table has it to the name in the image."""
    place: Callable[[str], Place] | None = None
    """Tells which names are newer than all of an image. Without it every unknown one may be."""
    replaces: bool = False
    """Whether a new name takes the place of an old one."""


def said(outcome: Outcome) -> str:
    """The end of what a command printed: errors, else whatever there is."""
    return clean_end(
        " | ".join(last_lines(outcome.stderr, _LINES) or last_lines(outcome.stdout, _LINES)), 2_000
    )

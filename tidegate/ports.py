"""The roles that outside systems play. Adapters are the blocks; a fake is allowed only behind the same contract suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from tidegate.facts import (
    Commit,
    ComposeModel,
    ContainerFacts,
    HostFacts,
    Job,
    Message,
    Outcome,
    Route,
    SchemaChange,
    SchemaState,
    Served,
    Slot,
    Version,
)
from tidegate.recipes import Recipe


class ContainerHost(Protocol):
    """One Docker engine: its slots and containers. Raises EngineError, ComposeError."""

    def facts(self) -> HostFacts: ...
    def read_compose(self, files: Sequence[Path], environment: Mapping[str, str], project: str) -> ComposeModel: ...
    def start(self, slot: Slot) -> None: ...
    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]: ...
    def stop(self, project: str, *, grace_seconds: int, remove: bool) -> None: ...


class JobRunner(Protocol):
    """Commands inside containers. Raises EngineError when they cannot be run; a non-zero exit code is in the outcome."""

    def run(self, job: Job) -> Outcome: ...
    def execute(self, container: str, command: Sequence[str], *, environment: Mapping[str, str] = {},
                stdin: BinaryIO | None = None, stdout: BinaryIO | None = None, timeout_seconds: float = 300) -> Outcome: ...


class ImageStore(Protocol):
    """Images of one engine, and of a registry where there is one. A pin is `repo@sha256:...` or an image id."""

    def find(self, stack: str, commit: str, inputs: str) -> str | None: ...
    def ensure(self, pin: str) -> None: ...
    def tag(self, pin: str, alias: str) -> None: ...


class ImageBuilder(Protocol):
    """Makes images from the exported files of a commit. Raises ImageError, RegistryError, CapacityError, ConfigError."""

    def build(self, recipe: Recipe, exported: Path, *, tag: str, labels: Mapping[str, str], secrets: Mapping[str, str],
              tell: Callable[[str], object] = ...) -> str: ...


class SourceRepository(Protocol):
    """The stack's git repository. Raises VersionError."""

    def refs(self) -> Mapping[str, str]: ...
    def resolve(self, wanted: str) -> Version: ...
    def between(self, old: str | None, new: str) -> list[Commit]: ...
    def export(self, commit: str, into: Path) -> Mapping[str, str]: ...


class Edge(Protocol):
    """The reverse proxy of a host. A host name has one owner there. Raises EdgeError, FencedError."""

    def route(self, stack: str, environment: str) -> Route | None: ...
    def apply(self, route: Route) -> None: ...
    def serving(self, domain: str) -> Served | None: ...


class DatabaseServer(Protocol):
    """One database, spoken to from inside its own container. Raises DatabaseError."""

    def dump(self, into: BinaryIO) -> None: ...
    def restore(self, dump: BinaryIO) -> None: ...
    def row_counts(self) -> Mapping[str, int]: ...
    def free_connections(self) -> int: ...
    def schema_state(self) -> SchemaState: ...
    def count(self, question: str) -> int: ...


class SchemaHistory(Protocol):
    """A schema history inside an image that nobody has accepted: read, never run on real data. Raises MigrationError."""

    def inspect(self, state: SchemaState) -> SchemaChange: ...


class Migrator(Protocol):
    """A schema history inside an accepted image. Raises MigrationError."""

    def current(self) -> str | None: ...
    def upgrade(self, revision: str) -> None: ...
    def downgrade(self, revision: str) -> None: ...


class Notifier(Protocol):
    """One address for messages. Raises TidegateError with `retryable` set; the caller never lets it fail a release."""

    def send(self, message: Message) -> None: ...

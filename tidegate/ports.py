"""The roles that outside systems play: small protocols, with our own types in and out.

Adapters are the blocks. Each has a twin in memory (`tests/world`), and one contract suite proves
both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from tidegate.backups.saved import PlacedDatabase, Rehearse, ToSave
from tidegate.edge.ports import Edge, EdgeNetworks, Forwarders, Visitors
from tidegate.facts import (
    Backup,
    ComposeModel,
    ContainerFacts,
    HostFacts,
    Job,
    Message,
    Outcome,
    Slot,
)
from tidegate.plan.adoption import HandStarted
from tidegate.plan.base_changes import BaseServices
from tidegate.plan.occupants import Occupant, PathLook, VolumePlace
from tidegate.policy.incidents import Signal
from tidegate.schema.ports import HistoryTables, MigrationTools
from tidegate.stack.data import AnyDatabase, Database
from tidegate.stack.recipes import Recipe
from tidegate.versions import Commit, NamedCommit


class ContainerHost(Protocol):
    """One engine and its containers. Raises EngineError."""

    @property
    def url(self) -> str: ...
    @property
    def edge_network(self) -> str: ...
    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]: ...
    def own_check(self, container: str) -> Outcome | None: ...
    def logs(self, container: str) -> str: ...
    def outlast(self, prefix: str, timeout_seconds: float) -> None: ...


class JobRunner(Protocol):
    """Commands inside containers. Raises EngineError when they cannot be run; a non-zero exit code
    is in the outcome."""

    def run(self, job: Job) -> Outcome: ...
    def execute(
        self,
        container: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] = {},
        stdin: BinaryIO | None = None,
        stdout: BinaryIO | None = None,
        timeout_seconds: float = 300,
    ) -> Outcome: ...


class HostMeasures(Protocol):
    """What a host has and can still give. Raises EngineError, CapacityError."""

    def facts(self) -> HostFacts: ...
    def network_names(self) -> set[str]: ...
    def open_networks(self) -> set[str]: ...
    def free_networks(self) -> int: ...
    def require_free_port(self, port: int, address: str) -> None: ...


class HostOccupancy(Protocol):
    """Who is on a host already, and where its data lie. Raises EngineError."""

    def occupants(self) -> list[Occupant]: ...
    def volume_places(self) -> dict[str, VolumePlace]: ...
    def database_names(self, container: str) -> frozenset[str]: ...
    def look_at(self, path: str) -> PathLook: ...


class ComposeFiles(Protocol):
    """A team's compose files, read. Raises ConfigError, StackFileError."""

    def read(
        self,
        files: Sequence[Path],
        environment: Mapping[str, str],
        project: str,
        own: Collection[str] = (),
        left_out: Collection[str] = (),
    ) -> ComposeModel: ...
    def env_files(
        self, files: Sequence[Path], environment: Mapping[str, str], project: str
    ) -> dict[str, list[str]]: ...


class BaseProjects(Protocol):
    """What lives once per environment. Raises ComposeError, EngineError."""

    def up_base(
        self, model: ComposeModel, project: str, services: Sequence[str], jobs: Mapping[str, str]
    ) -> None: ...
    def make_networks(self, model: ComposeModel, project: str, names: Collection[str]) -> None: ...
    def make_volumes(self, model: ComposeModel, project: str, keys: Collection[str]) -> None: ...
    def make_folders(self, paths: Collection[str]) -> None: ...


class Slots(Protocol):
    """Slots, by their project. Raises ComposeError, EngineError."""

    def up(self, slot: Slot) -> None: ...
    def stop(
        self, project: str, grace_seconds: int, services: Collection[str] | None = None
    ) -> None: ...
    def start_again(self, project: str, services: Collection[str] | None = None) -> None: ...
    def remove(self, project: str) -> None: ...


class Compose(ComposeFiles, BaseProjects, Slots, Protocol):
    """All three: one tool does them."""


class ImageStore(Protocol):
    """Images of one engine, and of its registry. A pin is `repo@sha256:...` or an image id.

    Raises ImageError, RegistryError, CapacityError.
    """

    def find(self, stack: str, commit: str | None, inputs: str) -> str | None: ...
    def publish(self, image: str, repository: str, tag: str) -> str: ...
    def as_named(self, reference: str) -> str: ...
    def look_up(self, reference: str) -> str: ...
    def id_of(self, reference: str) -> str | None: ...
    def labels(self, pin: str) -> Mapping[str, str] | None: ...
    def ensure(self, pin: str) -> None: ...
    def tag(self, pin: str, alias: str) -> None: ...
    def forget(self, pins: Mapping[str, Collection[str]]) -> list[str]: ...


class ImageBuilder(Protocol):
    """Makes images from the exported files of a commit. Raises ImageError, RegistryError,
    CapacityError, ConfigError."""

    def refuse_left_out(
        self, recipe: Recipe, exported: Path, elsewhere: Mapping[str, str], doing: str
    ) -> None: ...
    def build(
        self,
        recipe: Recipe,
        exported: Path,
        *,
        tag: str,
        labels: Mapping[str, str],
        secrets: Mapping[str, str],
        tell: Callable[[str], object],
    ) -> str: ...


class Registry(Protocol):
    """A registry, asked whether it would serve us. Raises RegistryError."""

    @property
    def url(self) -> str: ...
    def check(self) -> None: ...


class SourceRepository(Protocol):
    """A git repository that a stack is built from. Raises VersionError."""

    def resolve(self, wanted: str) -> NamedCommit: ...
    def tagged(self, version: str) -> Commit | None: ...
    def newest_of_branch(self) -> Commit: ...
    def commit(self, sha: str) -> Commit: ...
    def between(self, old: str | None, new: str) -> list[Commit]: ...
    def export(self, commit: str, into: Path) -> Mapping[str, str]: ...
    def files(self, commit: str, places: Collection[str]) -> Mapping[str, str]: ...
    def text(self, commit: str, path: str) -> str: ...


class DatabaseServer(HistoryTables, Protocol):
    """One database, spoken to from inside its own container. Raises DatabaseError."""

    def row_counts(self) -> Mapping[str, int]: ...
    def free_connections(self) -> int: ...
    def data_size(self) -> int: ...
    def count(self, question: str) -> int: ...


class Databases(Protocol):
    """From a declared database to the server that holds it. Raises ConfigError for a key that is
    missing."""

    def as_application(self, at: PlacedDatabase) -> DatabaseServer: ...
    def as_owner(self, at: PlacedDatabase) -> DatabaseServer: ...
    def names(self, at: PlacedDatabase) -> list[str]: ...
    def login_keys(self, spec: AnyDatabase) -> set[str]: ...


class Backups(Protocol):
    """The backups of one stack in one environment. Raises BackupError, CapacityError,
    DatabaseError, EngineError."""

    def check_room(self, data_size: int) -> None: ...
    def names(self) -> list[str]: ...
    def make(
        self, backup: str, key: str, wanted: ToSave, rehearse: Rehearse, *, since: datetime
    ) -> Backup: ...
    def recognize(self, recorded: Backup) -> Backup: ...
    def compare(self, recorded: Backup) -> None: ...
    def remove(self, backups: Collection[str]) -> list[str]: ...


class DatabaseCopies(Protocol):
    """A database out of a backup: first beside the one in use, then in its place, also where it was
    dropped. Raises BackupError, DatabaseError."""

    def found_then(self, backup: Backup, spec: Database) -> list[str]: ...
    def stand_beside(self, backup: Backup, at: PlacedDatabase) -> Mapping[str, int]: ...
    def put_in_place(self, backup: Backup, at: PlacedDatabase) -> Mapping[str, int]: ...
    def is_untouched(self, at: PlacedDatabase) -> bool: ...
    def remove_beside(self, at: PlacedDatabase) -> None: ...
    def remove_replaced(self, at: PlacedDatabase) -> None: ...


class VolumeCopies(Protocol):
    """The same for a named volume, reached through a container of an image. Raises BackupError,
    EngineError."""

    def image_with_tools(self, images: Iterable[str], key: str) -> str: ...
    def put_beside(self, backup: Backup, name: str, volume: str, image: str, key: str) -> None: ...
    def stands_beside(self, volume: str) -> bool: ...
    def replace(self, volume: str, image: str, key: str) -> None: ...
    def remove_beside(self, volume: str) -> None: ...


class Notifier(Protocol):
    """One address for messages. Raises TidegateError with `retryable` set; the caller never lets it
    fail a release."""

    def send(self, message: Message) -> None: ...


class Events(Protocol):
    """Events about an environment, which automations answer. Raises a retryable TidegateError."""

    def tell(self, signal: Signal) -> None: ...


@dataclass(frozen=True)
class Ports:
    """Everything by which one environment is spoken to."""

    host: ContainerHost
    measures: HostMeasures
    occupancy: HostOccupancy
    by_hand: HandStarted
    networks: EdgeNetworks
    forwarders: Forwarders
    compose: Compose
    base: BaseServices
    images: ImageStore
    builder: ImageBuilder
    registry: Registry | None
    source: SourceRepository | None
    """None where the stack has no repository."""
    further: Mapping[str, SourceRepository]
    """The other repositories that images are built from, by their names in the stack file."""
    edge: Edge
    visitors: Visitors
    databases: Databases
    migrations: MigrationTools
    backups: Backups
    restored: DatabaseCopies
    volumes: VolumeCopies
    notifiers: Mapping[str, Notifier]
    events: Events

"""The facts that pass between ports, tasks and the plan: plain, frozen, comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ComposeModel = dict[str, Any]
"""What `docker compose config --format json` prints: services, networks, volumes with everything
interpolated."""

ONE_SHOT_LABEL = "tidegate.one-shot"
"""On the container of a service that does its work and ends; the value says which work."""
FORWARDS_TO_LABEL = "tidegate.forwards-to"
"""On a forwarder: `<stack>/<environment>`."""
PROJECT_LABEL, SERVICE_LABEL = "com.docker.compose.project", "com.docker.compose.service"
"""By which compose says whose a container is."""
ONE_OFF_LABEL = "com.docker.compose.oneoff"
"""On what `docker compose run` started: it bears the name of a service, and is none of its
containers."""


def is_one_off(labels: Mapping[str, str]) -> bool:
    return labels.get(ONE_OFF_LABEL) == "True"


MigrationClass = Literal["none", "additive", "needs downgrade", "lossy", "unknown", "irreversible"]


@dataclass(frozen=True)
class HostFacts:
    """What a Docker host has; sizes in bytes."""

    engine_version: str
    compose_version: str
    platform: str
    disk_free: int
    disk_total: int
    memory_free: int
    memory_total: int


@dataclass(frozen=True)
class ContainerFacts:
    """One container as the engine shows it now."""

    id: str
    name: str
    service: str
    image_id: str
    state: Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]
    health: Literal["none", "starting", "healthy", "unhealthy"]
    restarts: int
    exit_code: int
    labels: Mapping[str, str] = field(default_factory=dict)
    health_said: str = ""
    """What its last health check printed."""
    is_restarted: bool = False
    """Whether the engine starts it again when its process ends by itself, whatever its exit
    code."""
    started_at: datetime | None = None  # its process, the last time, by the engine's clock
    ended_at: datetime | None = None

    @property
    def has_done_its_work(self) -> bool:
        """Of a one-shot service: it ended, and its exit code says well."""
        return ONE_SHOT_LABEL in self.labels and self.state == "exited" and self.exit_code == 0

    @property
    def has_failed(self) -> bool:
        """Its process has ended, and not well."""
        return self.state in ("exited", "dead") and self.exit_code != 0

    @property
    def serves(self) -> bool:
        """It is as it must be: a one-shot service has ended well, and any other one runs."""
        if ONE_SHOT_LABEL in self.labels:
            return self.has_done_its_work
        return self.state == "running" and self.health in ("healthy", "none")

    @property
    def was_stopped(self) -> bool:
        """By a person or by an engine that shuts down: had its process ended by itself, it would
        run again."""
        return self.is_restarted and self.state == "exited" and self.restarts == 0


@dataclass(frozen=True)
class Job:
    """A one-off container that runs to its end. `key` is its label and makes a lost one
    findable."""

    key: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    networks: tuple[str, ...] = ()
    volumes: Mapping[str, str] = field(default_factory=dict)
    """The engine's name of a volume -> its path in the container, where it is written into."""
    working_directory: str | None = None
    stdin: bytes | None = field(default=None, repr=False)
    timeout_seconds: float = 300
    labels: Mapping[str, str] = field(default_factory=dict)
    sealed: bool = False
    """For code that nobody has accepted: no network, no right, nothing written, little memory,
    little said."""


@dataclass(frozen=True)
class Outcome:
    """How a job or a command in a container ended. Whoever asked for it judges the exit code."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Slot:
    """The running containers of one deployment: a Compose project of its own."""

    project: str
    """`cloudlens-prod-42`"""
    model: ComposeModel = field(repr=False)
    """Ready for `docker compose -f - up`; holds secrets, so it is never written or logged."""


@dataclass(frozen=True)
class Fit:
    """What the data must satisfy before a schema is narrowed again on the way back."""

    what: str
    """For people: `bills.note holds values of at most 200 characters`."""
    misfits: str
    """SQL that counts the rows which do not."""


@dataclass(frozen=True)
class Revision:
    """One revision of an application's schema history, in the order of upgrade."""

    id: str
    message: str
    kind: MigrationClass
    reasons: tuple[str, ...]
    """Why it has this class, one per statement that decides: `drops column bills.note`."""
    fits: tuple[Fit, ...] = ()
    """Of a lossy one that loses nothing while the data satisfy these."""


@dataclass(frozen=True)
class RevisionTable:
    """A table in which a schema history writes down where the database is."""

    schema: str
    name: str
    revisions: tuple[str, ...]


@dataclass(frozen=True)
class SchemaState:
    """What a database's own server says about its tables."""

    default_schema: str
    revision_tables: tuple[RevisionTable, ...]
    has_other_tables: bool
    """Whether the default schema holds tables beside those."""
    filled: frozenset[tuple[str, str]] = frozenset()
    """Tables and columns that fill themselves, where a change of the type would silently end that
    (MySQL)."""

    def named(self, name: str, schema: str = "") -> RevisionTable | None:
        wanted = (schema or self.default_schema, name)
        found = (table for table in self.revision_tables if (table.schema, table.name) == wanted)
        return next(found, None)

    def likely(self) -> RevisionTable | None:
        """The table that Alembic would use if nobody named one; else the only one that there is."""
        only = self.revision_tables[0] if len(self.revision_tables) == 1 else None
        return self.named("alembic_version") or only


NO_DATABASE_YET = SchemaState("", (), False)
"""Of a database whose service has never been started."""


@dataclass(frozen=True)
class SchemaChange:
    """What a release's image would do to one database."""

    database: str
    current: str | None
    """The state in the database now (`tidegate.schema.states`); None when it holds no tables."""
    head: str
    revisions: tuple[Revision, ...]
    upgrade_sql: str
    downgrade_sql: str
    kind: MigrationClass
    """The gravest class among the revisions."""
    fits: tuple[Fit, ...] = ()
    """Of a lossy one whose way back is made where the data satisfy these."""


@dataclass(frozen=True)
class Backup:
    """A saved state. It counts only when `verified_at` is set: restored into a scratch database and
    compared."""

    id: str
    path: str
    size: int
    """Bytes."""
    sha256: str
    schema_revision: str | None
    tables: Mapping[str, int]
    """Rows per table, as restored."""
    dump_seconds: float
    restore_seconds: float
    made_at: datetime
    verified_at: datetime | None


@dataclass(frozen=True)
class CheckResult:
    """One smoke check's answer. Unknown is failure: `error` is as red as `fail`."""

    name: str
    outcome: Literal["pass", "fail", "error"]
    detail: str
    seconds: float


@dataclass(frozen=True)
class FoundDatabases:
    """What a pattern of the stack file finds on its server at one moment."""

    entry: str
    """Its name under `databases`."""
    pattern: str
    """With the values of the environment."""
    names: tuple[str, ...]
    """As backups name them."""
    is_saved: bool = True
    """Whether by Tidegate; otherwise somebody else does it."""


@dataclass(frozen=True)
class TrafficFigures:
    """What the witness saw: steady requests through the edge during a switch."""

    total: int
    failed: int
    longest_gap_seconds: float
    p95_seconds: float
    by_version: Mapping[str, int] = field(default_factory=dict)
    seen_seconds: float = 0.0
    """How long it looked; 0 of a deployment of before this was noted."""


Severity = Literal["green", "yellow", "red"]
MessageKind = Literal[
    "released",
    "rolled_back",
    "restored",
    "adopted",
    "base_changed",
    "staging_ready",
    "failed",
    "needs_person",
    "approval_expired",
    "rejected",
    "refused",
    "degraded",
    "audit_differs",
]


@dataclass(frozen=True)
class Message:
    """A text for people. `severity`: red = system down, yellow = partly broken, green = working day
    (R29)."""

    kind: MessageKind
    severity: Severity
    title: str
    body: str

"""The stack file: what a team says about one application. `load_stack` refuses it whole, naming every fault's path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from tidegate.errors import StackFileError
from tidegate.facts import Severity
from tidegate.stack.environments import Environment, Place, environment_faults, place_of, way_to
from tidegate.stack.faults import faults_in
from tidegate.stack.formats import (
    MOST_SECONDS,
    BlockName,
    Branch,
    EnvironmentName,
    EnvKey,
    ImageName,
    ImagePath,
    Line,
    Marker,
    Name,
    Part,
    RelativePath,
    Repository,
    TimeZone,
    Title,
    UrlPath,
    VolumeName,
)
from tidegate.stack.yaml_text import read_yaml

T = TypeVar("T")
HostSetting = Literal[
    "privileged", "capabilities", "security-options", "devices", "engine-socket", "host-files", "host-processes", "host-ipc",
    "host-network", "host-users", "host-name", "host-cgroup", "host-memory", "runtime", "sysctls", "volumes-from",
    "build-privileges", "other-environment", "unknown-setting"]
"""What a compose setting gives away of its host: one word for each kind."""
TO_DO = "Correct each path; `tidegate schema` prints what is allowed"


class Source(Part):
    """Where the commits come from and how an image is built from one."""

    repository: Repository = Field(description="Git URL, or a path relative to the stack file's folder.")
    branch: Branch = Field("main", description="A commit must be reachable from this branch or a tag to be released.")
    dockerfile: RelativePath = Field("Dockerfile", description="Path of the Dockerfile inside the repository; for services "
                                                               "without `build:` in the compose files.")
    context: RelativePath = Field(".", description="The folder of the repository that the stack's folder stands for: paths "
                                                   "under `build:` begin there. Without `build:`, the build context.")
    build_args: dict[EnvKey, Line] = Field({}, description="Build arguments; `${NAME}` is taken from the env file.")


class Service(Part):
    """One released service: the only ones that a release starts anew. The others live once, in the base project."""

    name: Name = Field(description="Name of the service in the compose files.")
    image: ImageName = Field(description="Image repository without tag, such as `ghcr.io/acme/cloudlens-backend`.")
    port: int | None = Field(None, ge=1, le=65535, description="Of the first service, required: the port it listens on, inside "
                                                               "the container.")
    ready_path: UrlPath | None = Field(None, description="Of the first service, required: answers 200 only when all can work.")
    start_budget_seconds: int = Field(
        60, ge=1, le=MOST_SECONDS, description="How long a start may take before it counts as failed.")
    stop_grace_seconds: int = Field(30, ge=1, le=MOST_SECONDS, description="Time between SIGTERM and SIGKILL.")
    connection_pool: int | None = Field(
        None, ge=0, le=100_000,
        description="Database connections one slot may take. Without it nobody sees beforehand whether that many are free.")


class Login(Part):
    """Credentials for the smoke login, as names of keys in the env file (never the values)."""

    path: UrlPath = Field(description="Receives a JSON POST of `username` and `password`.")
    username_key: EnvKey
    password_key: EnvKey
    token_field: Line = Field(description="Field of the JSON answer that holds the token, such as `access_token`.")


class SmokeCheck(Part):
    """One request whose answer is compared with what the release must show."""

    name: Title
    path: UrlPath = "/"
    status: int = Field(200, ge=100, le=599)
    contains: Marker | None = Field(None, description="Marker text of the body.")
    json_fields: dict[Line, Marker | int | float | bool] = Field(
        {}, description="Dotted path into the JSON body, such as `items.0.id`, and the value it must have.")
    shows_version: bool = Field(False, description="The JSON body's `version` and `commit` must be the release's.")
    login: Login | None = None
    signed_in: bool = Field(False, description="Send the token of the login check as bearer token.")
    most_seconds: float = Field(10, gt=0, le=300, description="Slower than this is a failure (R24).")
    only: tuple[EnvironmentName, ...] = Field((), description="Environments it runs in; empty means all.")


class Database(Part):
    """One database the stack owns. Credentials are names of env-file keys."""

    name: Name = "main"
    engine: Literal["mysql", "postgresql"]
    service: Name = Field(description="The stateful compose service that runs it.")
    host_key: EnvKey
    port_key: EnvKey | None = Field(None, description="Where the application has one; otherwise it is the engine's own port.")
    user_key: EnvKey
    password_key: EnvKey
    database_key: EnvKey


class Migration(Part):
    """The application's own schema history, run inside the new image."""

    tool: Literal["alembic"]
    service: Name
    database: Name = Field(description="Name of the database, as under `databases`.")
    directory: ImagePath = Field(description="Where alembic.ini lies inside the image.")
    lock_timeout_seconds: int = Field(10, ge=1, le=MOST_SECONDS)


class State(Part):
    """What must be saved before production changes. Declared and not saved is a failure."""

    databases: tuple[Name, ...] = ()
    volumes: tuple[VolumeName, ...] = Field((), description="Named volumes, as the compose files name them.")
    keep: int = Field(10, ge=1, le=10_000, description="How many verified backups are kept.")


class Allowed(Part):
    """A compose setting that gives a container something of its host. The reason stands on the approval page."""

    service: str = Field(pattern=r"^[A-Za-z0-9._-]{1,63}$", description="Its name in the compose files, released or not.")
    setting: HostSetting = Field(description="The word in brackets of the refusal, such as `engine-socket`.")
    reason: str = Field(min_length=10, max_length=300, description="Why this service needs it: for whoever approves.")


class Watch(Part):
    """What counts as worse, in the minutes after the switch (R24, R27)."""

    seconds: int = Field(900, ge=0, le=4 * 3600)
    error_ratio: float = Field(0.05, gt=0, le=1, description="5xx answers / all answers.")
    p95_seconds: float = Field(2.0, gt=0, le=MOST_SECONDS)
    least_requests: int = Field(
        20, ge=1, le=1_000_000, description="Below this, figures say nothing and the smoke checks decide.")


class Stack(Part):
    """One application with its services, data and environments."""

    name: Name
    title: Title = Field(description="The name people use.")
    aliases: tuple[Name, ...] = ()
    language: Literal["zh", "en"] = "en"
    time_zone: TimeZone = "UTC"
    source: Source
    services: tuple[Service, ...] = Field(min_length=1)
    databases: tuple[Database, ...] = ()
    migrations: tuple[Migration, ...] = ()
    state: State = State()
    allow: tuple[Allowed, ...] = Field(
        (), description="Compose settings that reach into the host, by service, each with a reason; others are refused.")
    smoke: tuple[SmokeCheck, ...] = Field(min_length=1)
    smoke_repeat_seconds: int = Field(3, ge=0, le=60, description="The checks run a second time after this long (P67).")
    watch: Watch = Watch()
    notify: tuple[BlockName, ...] = Field((), description="Names of `notifier` blocks.")
    escalate: dict[Literal["yellow", "red"], tuple[BlockName, ...]] = Field(
        {}, description="Notifiers that hear only of what is urgent: yellow hears yellow and red, red hears red (R29).")
    environments: dict[EnvironmentName, Environment] = Field(min_length=1)
    folder: SkipJsonSchema[Path] = Field(Path("."), exclude=True, description="Set on loading.")

    def way_to(self, name: str) -> tuple[str, ...]:
        """The environments that a release goes through, in order; `name` is the last of them."""
        return way_to(self.environments, name)

    def before(self, name: str) -> str | None:
        """The environment that a release to `name` comes from."""
        return [None, *self.way_to(name)][-2]

    @property
    def productions(self) -> list[str]:
        return [name for name, one in self.environments.items() if one.kind == "production"]

    def place(self, name: str) -> Place:
        """How people read of an environment, also of one that is not in the file any more."""
        return place_of(self.environments, name)

    def notifiers_for(self, severity: Severity) -> tuple[str, ...]:
        """Who is told: each name once, those who hear of everything first."""
        levels: dict[Severity, tuple[Literal["yellow", "red"], ...]] = {
            "green": (), "yellow": ("yellow",), "red": ("yellow", "red")}
        urgent = [name for level in levels[severity] for name in self.escalate.get(level, ())]
        return tuple(dict.fromkeys([*self.notify, *urgent]))

    @field_validator("folder", mode="before")
    @classmethod
    def _not_from_the_file(cls, _: object) -> Path:
        raise PydanticCustomError("extra_forbidden", "unknown key")

    @field_validator("services")
    @classmethod
    def _the_first_can_be_asked(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        if services[0].port is None:
            raise ValueError("the first one is behind the edge and needs a port, on which it listens in its container")
        if services[0].ready_path is None:
            raise ValueError("the first one is behind the edge and needs a ready_path, the path of a page that answers 200 only "
                             "when the application can work (`/` where no page says more)")
        return services

    @model_validator(mode="after")
    def _names_meet(self) -> Stack:
        services, databases = {s.name for s in self.services}, {d.name for d in self.databases}
        faults = [f"migrations: no released service {m.service!r}" for m in self.migrations
                  if m.service not in services]
        faults += [f"migrations: no database {m.database!r}" for m in self.migrations if m.database not in databases]
        faults += [f"migrations: two of them are on the database {name!r}"
                   for name in _twice(m.database for m in self.migrations)]
        faults += [f"databases: {name!r} is there twice" for name in _twice(d.name for d in self.databases)]
        faults += [f"databases: two of them have the keys {', '.join(filter(None, keys))}, so nobody can tell them apart"
                   for keys in _twice((d.host_key, d.port_key, d.database_key) for d in self.databases)]
        faults += [f"state.databases: no database {d!r}" for d in self.state.databases if d not in databases]
        faults += [f"databases: {d.service!r} is released and cannot hold state" for d in self.databases
                   if d.service in services]
        faults += [f"state.databases: {d!r} is not saved" for d in sorted(databases - set(self.state.databases))]
        faults += [f"smoke[{place}].only: there is no environment {name!r}" for place, check in enumerate(self.smoke)
                   for name in check.only if name not in self.environments]
        faults += environment_faults(self.environments)
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _twice(values: Iterable[T]) -> list[T]:
    return [value for value, times in Counter(values).items() if times > 1]


def load_stack(folder: Path) -> Stack:
    """Read `folder/stack.yaml`. Raises StackFileError with the path of every fault."""
    file = folder / "stack.yaml"
    doing = f"reading {file.parent.name}/{file.name}"
    content = read_yaml(file, doing)
    try:
        stack = Stack.model_validate(content).model_copy(update={"folder": folder.resolve()})
    except ValidationError as error:
        raise StackFileError(doing, "; ".join(faults_in(error.errors())), TO_DO) from None
    if unread := _unread(stack):
        raise StackFileError(doing, "; ".join(unread), TO_DO)
    return stack


def _unread(stack: Stack) -> list[str]:
    """Asked of files alone: what was kept of an older one may have it."""
    return [f"services[{place}].{key}: nothing reads it, because only the first service is behind the edge: take it out"
            for place, service in enumerate(stack.services) if place
            for key in ("port", "ready_path") if getattr(service, key) is not None]


def stack_now(planned: Stack) -> Stack:
    """The stack file as it is now, where it can be read."""
    try:
        return load_stack(planned.folder)
    except StackFileError:
        return planned

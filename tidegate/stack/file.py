"""The stack file: what a team says about one application. `load_stack` refuses it whole, naming
every fault's path."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from tidegate.errors import StackFileError
from tidegate.facts import Severity
from tidegate.stack.data import AnyDatabase, Database, RedisServer, State, database_faults, twice
from tidegate.stack.environments import (
    Calling,
    Environment,
    Place,
    environment_faults,
    place_of,
    way_to,
)
from tidegate.stack.faults import faults_in, schema_of
from tidegate.stack.formats import (
    BlockName,
    EnvironmentName,
    EnvKey,
    Name,
    Part,
    ServiceName,
    TimeZone,
    Title,
)
from tidegate.stack.kept_ports import kept_port_faults
from tidegate.stack.known_as import known_as_faults
from tidegate.stack.migrations import Migration, pattern_faults
from tidegate.stack.routes import (
    MOST_ROUTES,
    RouteLine,
    check_faults,
    route_faults,
    service_faults,
    unread_keys,
)
from tidegate.stack.services import Service, image_faults, named_twice
from tidegate.stack.showing import SmokeCheck, Watch
from tidegate.stack.sources import Source, further_faults
from tidegate.stack.yaml_text import read_yaml

HostSetting = Literal[
    "privileged",
    "capabilities",
    "security-options",
    "devices",
    "engine-socket",
    "host-files",
    "host-processes",
    "host-ipc",
    "host-network",
    "host-users",
    "host-name",
    "host-cgroup",
    "host-memory",
    "runtime",
    "sysctls",
    "volumes-from",
    "build-privileges",
    "other-environment",
    "unknown-setting",
]
"""What a compose setting gives away of its host: one word for each kind."""
TO_DO = "Correct each path; `tidegate schema` prints what is allowed"


class Allowed(Part):
    """A compose setting that gives a container something of its host, or a default password that
    the data have.

    The reason stands on the approval page.
    """

    service: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]{1,63}$",
        description="Its name in the compose files, released or not.",
    )
    key: EnvKey | None = Field(None, description="Of the password, for `default-password`.")
    setting: HostSetting | Literal["default-password"] = Field(
        description="The word in brackets of the refusal, such as `engine-socket`."
    )
    reason: str = Field(
        min_length=10, max_length=300, description="Why it is needed: for whoever approves."
    )

    @model_validator(mode="after")
    def _names_one_thing(self) -> Allowed:
        if self.setting == "default-password" and (self.key is None or self.service):
            raise ValueError("default-password needs a key, and no service")
        if self.setting != "default-password" and (self.service is None or self.key):
            raise ValueError(f"{self.setting} needs a service, and no key")
        return self


class Stack(Part):
    """One application with its services, data and environments."""

    name: Name
    title: Title = Field(description="The name people use.")
    aliases: tuple[Name, ...] = ()
    language: Literal["zh", "en"] = "en"
    time_zone: TimeZone = "UTC"
    source: Source | None = Field(
        None,
        description="The repositories that are built from. Without them every service has a `tag`, "
        "and a version is a tag.",
    )
    services: tuple[Service, ...] = Field(min_length=1)
    routes: tuple[RouteLine, ...] = Field(
        (),
        max_length=MOST_ROUTES,
        description="How people reach several services; without "
        "it, the first one answers everything.",
    )
    left_out: tuple[ServiceName, ...] = Field(
        (),
        description="Services of the compose files that Tidegate neither starts "
        "nor touches: tools for development, a proxy that serves the whole host.",
    )
    one_shots: tuple[ServiceName, ...] = Field(
        (),
        description="Services that do one piece of work and end, where the compose "
        "files do not say so by "
        '`restart: "no"`.',
    )
    databases: tuple[AnyDatabase, ...] = ()
    migrations: tuple[Migration, ...] = ()
    state: State = State()
    allow: tuple[Allowed, ...] = Field(
        (),
        description="Compose settings that reach into the host, by service, "
        "each with a reason; others are refused.",
    )
    smoke: tuple[SmokeCheck, ...] = Field(min_length=1)
    smoke_repeat_seconds: int = Field(
        3, ge=0, le=60, description="The checks run a second time after this long (P67)."
    )
    watch: Watch = Watch()
    notify: tuple[BlockName, ...] = Field((), description="Names of `notifier` blocks.")
    escalate: dict[Literal["yellow", "red"], tuple[BlockName, ...]] = Field(
        {},
        description="Notifiers that hear only of what is urgent: yellow hears yellow "
        "and red, red hears red (R29).",
    )
    environments: dict[EnvironmentName, Environment] = Field(min_length=1)
    folder: SkipJsonSchema[Path] = Field(Path("."), exclude=True, description="Set on loading.")

    @property
    def built_from(self) -> Source:
        """The repository, of a stack that builds at least one of its images."""
        return cast(Source, self.source)

    def base_project(self, name: str) -> str:
        """The compose project of what lives once in an environment: databases, caches, their
        volumes and networks."""
        own = self.environments.get(name)
        return (own.base_project if own else None) or f"{self.name}-{name}"

    def way_to(self, name: str) -> tuple[str, ...]:
        """The environments that a release goes through, in order; `name` is the last of them."""
        return way_to(self.environments, name)

    def before(self, name: str) -> str | None:
        """The environment that a release to `name` comes from."""
        return [None, *self.way_to(name)][-2]

    @property
    def accepted_passwords(self) -> dict[str, str]:
        """Env key -> why it may hold a password that everybody knows."""
        return {one.key: one.reason for one in self.allow if one.key}

    @property
    def productions(self) -> list[str]:
        return [name for name, one in self.environments.items() if one.kind == "production"]

    @property
    def callings(self) -> list[Calling]:
        """How others call its services, in any environment."""
        return [line for own in self.environments.values() for line in own.callings]

    def place(self, name: str) -> Place:
        """How people read of an environment, also of one that is not in the file any more."""
        return place_of(self.environments, name)

    def notifiers_for(self, severity: Severity) -> tuple[str, ...]:
        """Who is told: each name once, those who hear of everything first."""
        levels: dict[Severity, tuple[Literal["yellow", "red"], ...]] = {
            "green": (),
            "yellow": ("yellow",),
            "red": ("yellow", "red"),
        }
        urgent = [name for level in levels[severity] for name in self.escalate.get(level, ())]
        return tuple(dict.fromkeys([*self.notify, *urgent]))

    @field_validator("folder", mode="before")
    @classmethod
    def _not_from_the_file(cls, _: object) -> Path:
        raise PydanticCustomError("extra_forbidden", "unknown key")

    @model_validator(mode="after")
    def _names_meet(self) -> Stack:
        services, databases = {s.name for s in self.services}, {d.name for d in self.databases}
        faults = [
            f"migrations: no released service {m.service!r}"
            for m in self.migrations
            if m.service not in services
        ]
        faults += [
            f"migrations: no database {m.database!r}"
            for m in self.migrations
            if m.database not in databases
        ]
        faults += [
            f"migrations: two of them are on the database {name!r}"
            for name in twice(m.database for m in self.migrations)
        ]
        without_schema = {d.name for d in self.databases if isinstance(d, RedisServer)}
        faults += [
            f"migrations: the database {m.database!r} is a Redis, which has no schema"
            for m in self.migrations
            if m.database in without_schema
        ]
        patterns = {d.name for d in self.databases if isinstance(d, Database) and d.pattern}
        faults += pattern_faults(self.migrations, patterns)
        faults += database_faults(self.databases, self.state.databases, services)
        faults += [
            f"left_out: {name!r} is released or holds a database"
            for name in self.left_out
            if name in services | {d.service for d in self.databases}
        ]
        faults += [
            f"smoke[{place}].only: there is no environment {name!r}"
            for place, check in enumerate(self.smoke)
            for name in check.only
            if name not in self.environments
        ]
        faults += check_faults(self.smoke, self.routes)
        faults += [
            f"environments.{name}.shares_names_with: {self.name!r} is this stack itself"
            for name, own in self.environments.items()
            if self.name in own.shares_names_with
        ]
        faults += image_faults(self.source, self.services)
        faults += further_faults(self.source)
        faults += environment_faults(self.environments)
        ports = {service.name: service.port for service in self.services}
        hosts = {name: own.host for name, own in self.environments.items()}
        faults += [*named_twice(self.services)] or [
            *service_faults(self.services, self.routes, self.callings),
            *route_faults(self.services, self.routes, self.environments),
            *known_as_faults(
                ports, {name: own.known_as for name, own in self.environments.items()}, hosts
            ),
            *kept_port_faults(
                ports, {name: own.kept_ports for name, own in self.environments.items()}, hosts
            ),
        ]
        faults += [
            f"environments: {base} is the base project of two of them"
            for base in twice(self.base_project(name) for name in self.environments)
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def load_stack(folder: Path) -> Stack:
    """Read `folder/stack.yaml`. Raises StackFileError with the path of every fault."""
    file = folder / "stack.yaml"
    doing = f"reading {file.parent.name}/{file.name}"
    content = read_yaml(file, doing)
    try:
        stack = Stack.model_validate(content).model_copy(update={"folder": folder.resolve()})
    except ValidationError as error:
        found = faults_in(error.errors(), schema_of(Stack))
        raise StackFileError(doing, "; ".join(found), TO_DO) from None
    # what was kept of an older file may have them
    if unread := unread_keys(stack.services, stack.routes, stack.callings):
        raise StackFileError(doing, "; ".join(unread), TO_DO)
    return stack


def stack_now(planned: Stack) -> Stack:
    """The stack file as it is now, where it can be read."""
    try:
        return load_stack(planned.folder)
    except StackFileError:
        return planned

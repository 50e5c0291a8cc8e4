"""What a stack file says of data: databases, and what is saved before a change. Their histories:
`migrations`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import Field, model_validator

from tidegate.stack.database_patterns import kept_as, keys_in
from tidegate.stack.formats import (
    DatabasePattern,
    EnvKey,
    ImageRef,
    MountPath,
    Name,
    Part,
    ServiceName,
    VolumeName,
)

T = TypeVar("T")
FOUND_KEY = "TIDEGATE_DATABASE"
"""Under this key stands the name of a database that a pattern has found."""


class Database(Part):
    """One database of SQL that the stack owns, or all of a server whose names are alike.
    Credentials are names of env-file keys."""

    name: Name = "main"
    engine: Literal["mysql", "postgresql"]
    service: ServiceName | None = Field(
        None, description="The stateful compose service that runs it."
    )
    client_image: ImageRef | None = Field(
        None,
        description="Of a database that no service of the compose files runs: "
        "an image with the server and the client programs of its version, "
        "such as `postgres:16`.",
    )
    saved_elsewhere: str | None = Field(
        None,
        min_length=10,
        max_length=300,
        description="Who saves it instead of Tidegate, and how: for whoever approves. "
        "With `client_image` only.",
    )
    host_key: EnvKey | None = Field(
        None,
        description="Where the application has one: a migration on a copy, which answers to the "
        "name of the service, gets that name under it. Required with `client_image`.",
    )
    port_key: EnvKey | None = Field(
        None, description="Where the application has one; otherwise it is the engine's own port."
    )
    user_key: EnvKey
    password_key: EnvKey
    database_key: EnvKey | None = Field(
        None, description="Holds the database's name. Required where there is no `pattern`."
    )
    pattern: DatabasePattern | None = Field(
        None,
        description="In place of `database_key`: each database of the server whose name is like "
        "this, such as one for each tenant (`ten_*`). `*` is any text, `?` one character; "
        "`${NAME}` is taken from the env file.",
    )
    url_key: EnvKey | None = Field(
        None,
        description="Where the application reads one address "
        "(`postgresql://user:password@host/name`): a migration on a copy gets one "
        "that leads to the copy.",
    )

    @model_validator(mode="after")
    def _is_somewhere(self) -> Database:
        if (self.service is None) == (self.client_image is None):
            raise ValueError(
                "needs a service of the compose files that runs it, "
                "or else a client_image to reach it by"
            )
        if self.client_image and not self.host_key:
            raise ValueError("client_image needs a host_key, which holds the database's address")
        if self.saved_elsewhere and self.service:
            raise ValueError(
                "saved_elsewhere is for a database that no service of the compose files runs"
            )
        return self

    @model_validator(mode="after")
    def _has_names(self) -> Database:
        if (self.database_key is None) == (self.pattern is None):
            raise ValueError(
                "needs a database_key, which holds the name of one database, "
                "or else a pattern of many names"
            )
        if self.pattern and self.url_key:
            raise ValueError("url_key leads to one database, and a pattern finds many")
        return self

    @property
    def key_of_name(self) -> str:
        """The key that holds the database's name: the application's, or our own."""
        return self.database_key or FOUND_KEY

    def is_told_like(self, other: AnyDatabase) -> bool:
        """Whether nothing in the env keys says which of two servers is meant."""
        return (
            isinstance(other, Database)
            and (self.port_key, self.name_said) == (other.port_key, other.name_said)
            and (self.host_key == other.host_key or None in (self.host_key, other.host_key))
        )

    @property
    def name_said(self) -> str:
        """What says which databases of its server it is."""
        return self.database_key or self.pattern or ""

    @property
    def login_fields(self) -> dict[str, str]:
        """Field -> the env key without which nobody can log in."""
        keys = {
            "user_key": self.user_key,
            "password_key": self.password_key,
            "database_key": self.database_key,
            "url_key": self.url_key,
            "host_key": self.host_key if self.client_image else None,
        }
        return {field: key for field, key in keys.items() if key}

    def found(self, name: str) -> Database:
        """One of the databases that the pattern has found, as a database of its own."""
        return self.model_copy(update={"name": f"{self.name}:{kept_as(name)}", "pattern": None})

    @property
    def name_keys(self) -> tuple[str, ...]:
        """The env keys that hold names, which are no secrets."""
        said = (self.host_key, self.port_key, self.user_key, self.database_key)
        return tuple(key for key in (*said, *keys_in(self.pattern or "")) if key)


class RedisServer(Part):
    """One Redis whose data the stack owns, with all its numbered databases.

    A Redis that only caches needs none of this: where it is empty, nothing is lost.
    """

    name: Name = "main"
    engine: Literal["redis"]
    service: ServiceName = Field(description="The stateful compose service that runs it.")
    port_key: EnvKey | None = Field(
        None, description="Where the application has one; otherwise it is 6379."
    )
    user_key: EnvKey | None = Field(None, description="Where the login is not the default user's.")
    password_key: EnvKey | None = Field(
        None, description="Required where the server asks for a password."
    )
    client_image: ClassVar[None] = None
    """It is always a service of the compose files."""
    saved_elsewhere: ClassVar[None] = None

    @property
    def name_keys(self) -> tuple[str, ...]:
        """The env keys that hold names, which are no secrets."""
        return tuple(key for key in (self.port_key, self.user_key) if key)

    @property
    def login_fields(self) -> dict[str, str]:
        """Field -> the env key without which nobody can log in."""
        keys = {"user_key": self.user_key, "password_key": self.password_key}
        return {field: key for field, key in keys.items() if key}


AnyDatabase = Annotated[Database | RedisServer, Field(discriminator="engine")]
ENGINES = ("mysql", "postgresql", "redis")
PORTS = {"mysql": "3306", "postgresql": "5432", "redis": "6379"}
"""Where a server listens, if nobody says otherwise."""


class Scratch(Part):
    """A place of the host that containers write into, and that may be lost."""

    path: MountPath = Field(description="As the compose files name it, such as `./tmp`.")
    reason: str = Field(
        min_length=10, max_length=300, description="Why it is not saved: for whoever approves."
    )


class State(Part):
    """What must be saved before production changes. Declared and not saved is a failure."""

    databases: tuple[Name, ...] = ()
    volumes: tuple[VolumeName, ...] = Field(
        (), description="Named volumes, as the compose files name them."
    )
    files: tuple[MountPath, ...] = Field(
        (),
        description="Files and folders of the host that containers write "
        "into, as the compose files name them, such as `./media`. "
        "`${NAME}` is taken from the env file.",
    )
    read_only: tuple[MountPath, ...] = Field(
        (),
        description="Files and folders of the host that are only read, although the compose files "
        "do not say `:ro`, such as `./nginx.conf`: they are mounted read only, "
        "and belong to the release.",
    )
    scratch: tuple[Scratch, ...] = Field((), description="The same for what is not saved.")
    keep: int = Field(10, ge=1, le=10_000, description="How many verified backups are kept.")


def database_faults(
    databases: Collection[AnyDatabase], saved: Collection[str], released: Collection[str]
) -> Iterator[str]:
    """Databases that cannot be told apart, or are not saved. `saved` and `released` are the names
    under `state.databases` and `services`."""
    named, elsewhere = (
        {one.name for one in databases},
        {one.name for one in databases if one.saved_elsewhere},
    )
    for name in twice(one.name for one in databases):
        yield f"databases: {name!r} is there twice"
    yield from _alike([one for one in databases if isinstance(one, Database)])
    for service in twice(one.service for one in databases if isinstance(one, RedisServer)):
        yield f"databases: two of them are the Redis of {service!r}, which is saved as a whole"
    for name in saved:
        if name not in named:
            yield f"state.databases: no database {name!r}"
    for one in databases:
        if one.service in released:
            yield f"databases: {one.service!r} is released and cannot hold state"
    for name in sorted(named - {*saved} - elsewhere):
        yield f"state.databases: {name!r} is not saved"
    for name in sorted(elsewhere & {*saved}):
        yield f"state.databases: {name!r} is there, and saved_elsewhere too; take one of them out"


def _alike(databases: Sequence[Database]) -> Iterator[str]:
    """Those that nobody can tell apart. Servers in the compose files are told apart by their
    services."""
    for service, name in twice((one.service, one.name_said) for one in databases if one.service):
        yield (
            f"databases: two of {service!r} say {name}; "
            "give each a database_key or a pattern of its own"
        )
    for one, other in combinations(databases, 2):
        if None in (one.service, other.service) and one.is_told_like(other):
            keys = dict.fromkeys([one.host_key, other.host_key, one.port_key, one.name_said])
            yield (
                f"databases: two of them have the keys {', '.join(filter(None, keys))}, "
                "so nobody can tell them apart; give each a database_key or a host_key of its own"
            )


def twice(values: Iterable[T]) -> list[T]:
    """What is there more than once."""
    return [value for value, times in Counter(values).items() if times > 1]

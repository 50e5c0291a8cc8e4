"""What a stack file says of data: databases, and what is saved before a change. Their histories: `migrations`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tidegate.stack.formats import EnvKey, Name, Part, VolumeName


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


class State(Part):
    """What must be saved before production changes. Declared and not saved is a failure."""

    databases: tuple[Name, ...] = ()
    volumes: tuple[VolumeName, ...] = Field((), description="Named volumes, as the compose files name them.")
    keep: int = Field(10, ge=1, le=10_000, description="How many verified backups are kept.")

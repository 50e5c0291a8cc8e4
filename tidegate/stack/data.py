"""What a stack file says of data: databases, their schema histories, and what is saved before a change."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tidegate.stack.formats import MOST_SECONDS, EnvKey, ImagePath, Name, Part, ServiceName, VolumeName


class Database(Part):
    """One database the stack owns. Credentials are names of env-file keys."""

    name: Name = "main"
    engine: Literal["mysql", "postgresql"]
    service: ServiceName = Field(description="The stateful compose service that runs it.")
    host_key: EnvKey
    port_key: EnvKey | None = Field(None, description="Where the application has one; otherwise it is the engine's own port.")
    user_key: EnvKey
    password_key: EnvKey
    database_key: EnvKey


class Migration(Part):
    """The application's own schema history, run inside the new image."""

    tool: Literal["alembic"]
    service: ServiceName
    database: Name = Field(description="Name of the database, as under `databases`.")
    directory: ImagePath = Field(description="Where alembic.ini lies inside the image.")
    lock_timeout_seconds: int = Field(10, ge=1, le=MOST_SECONDS)


class State(Part):
    """What must be saved before production changes. Declared and not saved is a failure."""

    databases: tuple[Name, ...] = ()
    volumes: tuple[VolumeName, ...] = Field((), description="Named volumes, as the compose files name them.")
    keep: int = Field(10, ge=1, le=10_000, description="How many verified backups are kept.")

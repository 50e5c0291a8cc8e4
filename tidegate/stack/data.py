"""What a stack file says of data: databases, and what is saved before a change. Their histories:
`migrations`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tidegate.stack.formats import EnvKey, ImageRef, MountPath, Name, Part, ServiceName, VolumeName


class Database(Part):
    """One database the stack owns. Credentials are names of env-file keys."""

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
    host_key: EnvKey
    port_key: EnvKey | None = Field(
        None, description="Where the application has one; otherwise it is the engine's own port."
    )
    user_key: EnvKey
    password_key: EnvKey
    database_key: EnvKey
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
        if self.saved_elsewhere and self.service:
            raise ValueError(
                "saved_elsewhere is for a database that no service of the compose files runs"
            )
        return self


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

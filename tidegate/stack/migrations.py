"""What a stack file says of the schema histories of an application: a model for each tool, told
apart by `tool`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from tidegate.stack.formats import (
    MOST_SECONDS,
    ImagePath,
    Marker,
    Name,
    Part,
    ServiceName,
    SqlQuestion,
    VolumeName,
)

Command = Annotated[tuple[Marker, ...], Field(min_length=1, max_length=100)]
NAME, STATE = "{name}", "{state}"
"""What stands in a command for one migration, or for the state to go down to."""


class History(Part):
    """The application's own schema history, run inside the new image."""

    service: ServiceName
    database: Name = Field(description="Name of the database, as under `databases`.")
    directory: ImagePath = Field(
        description="The folder inside the image in which the tool is run."
    )
    lock_timeout_seconds: int = Field(10, ge=1, le=MOST_SECONDS)
    volumes: tuple[VolumeName, ...] = Field(
        (),
        description="Named volumes of the service that a migration writes into, such as a folder "
        "of attachments. It has them on the database in use, not on a copy.",
    )


class AlembicMigration(History):
    tool: Literal["alembic"]
    directory: ImagePath = Field(description="Where alembic.ini lies inside the image.")


class DjangoMigration(History):
    tool: Literal["django"]
    directory: ImagePath = Field(description="Where manage.py lies inside the image.")


class RailsMigration(History):
    tool: Literal["rails"]
    directory: ImagePath = Field(description="Where bin/rails lies inside the image.")
    files: ImagePath | None = Field(
        None, description="The folder of the migrations, where it is not db/migrate."
    )


class PrismaMigration(History):
    tool: Literal["prisma"]
    directory: ImagePath = Field(description="Where package.json lies inside the image.")
    files: ImagePath | None = Field(
        None, description="The folder of the migrations, where it is not prisma/migrations."
    )


class FlywayMigration(History):
    tool: Literal["flyway"]
    files: ImagePath | None = Field(
        None, description="The folder of the migrations, where it is not `sql`."
    )


class CommandMigration(History):
    """Any other tool, in commands that are run inside the new image, without a shell unless it is
    named."""

    tool: Literal["command"]
    state: SqlQuestion = Field(
        description="Asked of the database: the names of what was applied, "
        "one a row, in their order."
    )
    has: Command = Field(
        description="Prints the names of all that the image has, one a line, "
        "in their order. Run sealed."
    )
    up: Command = Field(description="Applies all that the image has.")
    down: Command | None = Field(
        None,
        description="Takes back one migration, `{name}`, or all above `{state}`. "
        "Without it there is no way down.",
    )
    sql: Command | None = Field(
        None, description="Prints the SQL of one migration, `{name}`. Run sealed."
    )
    sql_down: Command | None = Field(
        None, description="Prints the SQL of its way down. Run sealed."
    )
    replaces: bool = Field(
        False,
        description="Whether a new name takes the place of an old one, as a version number does.",
    )

    @field_validator("down")
    @classmethod
    def _says_how_far(cls, down: Command | None) -> Command | None:
        if down and not any(mark in word for word in down for mark in (NAME, STATE)):
            raise ValueError(
                "must say how far: `{name}` is one migration, `{state}` the state to go to"
            )
        return down

    @field_validator("sql", "sql_down")
    @classmethod
    def _says_of_which(cls, asked: Command | None) -> Command | None:
        if asked and not any(NAME in word for word in asked):
            raise ValueError("must say of which migration: `{name}`")
        return asked

    @field_validator("sql_down")
    @classmethod
    def _of_a_way_down(cls, asked: Command | None, info: ValidationInfo) -> Command | None:
        if asked and not (info.data.get("down") and info.data.get("sql")):
            raise ValueError("is of use with `down` and `sql` only")
        return asked


Migration = Annotated[
    AlembicMigration
    | DjangoMigration
    | RailsMigration
    | PrismaMigration
    | FlywayMigration
    | CommandMigration,
    Field(discriminator="tool"),
]


def pattern_faults(migrations: Iterable[Migration], patterns: Collection[str]) -> Iterator[str]:
    """`patterns` are the names of databases that are found by one: only a tool that is told the
    name of each can go over them, and only up."""
    for one in (each for each in migrations if each.database in patterns):
        if not isinstance(one, CommandMigration):
            yield (
                f"migrations: the database {one.database!r} is a pattern, and {one.tool} is told "
                "of one database: say a `command`"
            )
        elif one.down:
            yield (
                f"migrations: the database {one.database!r} is a pattern, which has no way down: "
                "take `down` out"
            )


TOOLS = ("alembic", "django", "rails", "prisma", "flyway", "command")

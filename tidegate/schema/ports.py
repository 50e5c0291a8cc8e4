"""The roles around an application's schema history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tidegate.facts import SchemaChange, SchemaState
from tidegate.stack.data import Database
from tidegate.stack.migrations import Migration


class HistoryTables(Protocol):
    """A database, asked where it is in its history by Tidegate's own login. Raises
    DatabaseError."""

    def schema_state(self) -> SchemaState: ...
    def names(self, question: str) -> tuple[str, ...]:
        """The first cell of each row, in the order of the rows. Nothing can be written by the
        question."""


class ImageFiles(Protocol):
    """Files of an image, read out of it without starting anything. Raises EngineError."""

    def read(self, image: str, folder: str, *, key: str) -> Mapping[str, str]:
        """By their path below `folder`. Empty where there is no such folder."""


class SchemaHistory(Protocol):
    """A schema history inside an image that nobody has accepted: read, never run on real data.
    Raises MigrationError."""

    def inspect(self, state: SchemaState) -> SchemaChange: ...


class Migrator(Protocol):
    """A schema history inside an accepted image. A state is a text of `tidegate.schema.states`.
    Raises MigrationError."""

    def current(self) -> str | None: ...
    def upgrade(self, state: str) -> None: ...
    def downgrade(self, state: str) -> None: ...


class MigrationTools(Protocol):
    """By the `tool` of a declared migration."""

    def state(self, spec: Migration, database: Database, server: HistoryTables) -> SchemaState: ...
    def history(
        self,
        spec: Migration,
        database: Database,
        *,
        image: str,
        stand_ins: Mapping[str, str],
        key: str,
    ) -> SchemaHistory: ...
    def migrator(
        self,
        spec: Migration,
        database: Database,
        *,
        image: str,
        environment: Mapping[str, str],
        networks: tuple[str, ...],
        volumes: Mapping[str, str],
        key: str,
        server: HistoryTables,
    ) -> Migrator: ...

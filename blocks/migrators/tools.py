"""From the `tool` of a declared migration to the adapters that read its history and run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blocks.migrators.alembic.history import AlembicHistory
from blocks.migrators.alembic.migrator import AlembicMigrator
from blocks.migrators.command.applied import state
from blocks.migrators.command.declared import declared
from blocks.migrators.command.history import CommandHistory
from blocks.migrators.command.migrator import CommandMigrator
from blocks.migrators.command.tool import Image, Tool
from blocks.migrators.django.tool import django
from blocks.migrators.flyway.tool import flyway
from blocks.migrators.prisma.tool import prisma
from blocks.migrators.rails.tool import rails
from tidegate.facts import SchemaState
from tidegate.ports import JobRunner
from tidegate.schema.ports import HistoryTables, ImageFiles, Migrator, SchemaHistory
from tidegate.stack.data import Database
from tidegate.stack.migrations import AlembicMigration, Migration

_TOOLS: Mapping[str, Callable[[Any], Tool]] = {
    "command": declared,
    "django": django,
    "rails": rails,
    "prisma": prisma,
    "flyway": flyway,
}
"""Those that are spoken to in commands. Alembic has adapters of its own."""


@dataclass(frozen=True)
class EngineMigrations:
    """Schema histories inside images on one engine."""

    host: JobRunner
    files: ImageFiles

    def state(self, spec: Migration, database: Database, server: HistoryTables) -> SchemaState:
        """Where a database is, by what the tool has written down in it."""
        if isinstance(spec, AlembicMigration):
            return server.schema_state()
        return state(_TOOLS[spec.tool](spec), server, database.engine)

    def history(
        self,
        spec: Migration,
        database: Database,
        *,
        image: str,
        stand_ins: Mapping[str, str],
        key: str,
    ) -> SchemaHistory:
        """To be read: its code runs sealed, with values that are not true."""
        if isinstance(spec, AlembicMigration):
            return AlembicHistory(
                self.host, image, stand_ins, key, spec.directory, database.name, database.engine
            )
        asked = Image(self.host, self.files, image, stand_ins, key, spec.directory, database.engine)
        return CommandHistory(_TOOLS[spec.tool](spec), asked, database.name)

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
    ) -> Migrator:
        """To be run, with the environment's own values or on a copy; `server` is the database that
        they lead to, and `volumes` are what it writes into, by the engine's name."""
        if isinstance(spec, AlembicMigration):
            return AlembicMigrator(
                self.host,
                image,
                environment,
                networks,
                key,
                spec.directory,
                spec.lock_timeout_seconds,
                volumes,
            )
        return CommandMigrator(
            _TOOLS[spec.tool](spec),
            self.host,
            image,
            environment,
            networks,
            key,
            spec.directory,
            server,
            database.engine,
            spec.lock_timeout_seconds,
            volumes,
        )

"""From the `tool` of a declared migration to the adapters that read its history and run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blocks.migrators.alembic.history import AlembicHistory
from blocks.migrators.alembic.migrator import AlembicMigrator
from tidegate.ports import JobRunner
from tidegate.stack.data import Database, Migration

HISTORIES = {"alembic": AlembicHistory}
MIGRATORS = {"alembic": AlembicMigrator}


@dataclass(frozen=True)
class EngineMigrations:
    """Schema histories inside images on one engine."""

    host: JobRunner

    def history(self, spec: Migration, database: Database, *, image: str, stand_ins: Mapping[str, str],
                key: str) -> AlembicHistory:
        """To be read: its code runs sealed, with values that are not true."""
        return HISTORIES[spec.tool](
            host=self.host, image=image, stand_ins=stand_ins, key=key, directory=spec.directory,
            database=database.name, engine=database.engine)

    def migrator(self, spec: Migration, *, image: str, environment: Mapping[str, str], networks: tuple[str, ...],
                 key: str) -> AlembicMigrator:
        """To be run, with the environment's own values or on a copy."""
        return MIGRATORS[spec.tool](
            host=self.host, image=image, environment=environment, networks=networks, key=key,
            directory=spec.directory, lock_timeout_seconds=spec.lock_timeout_seconds)

"""The databases and schema histories that a stack declares, opened in one environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from blocks.alembic_history import AlembicHistory
from blocks.alembic_migrator import AlembicMigrator
from blocks.databases import SqlDatabase, open_as_owner, open_database
from tasks.base import base_containers, shared_networks
from tasks.work import OpenEnvironment
from tidegate.errors import DatabaseError
from tidegate.facts import NO_DATABASE_YET, Fit, SchemaState
from tidegate.stackfile import Database, Migration
from tidegate.stand_ins import stand_ins

HISTORIES = {"alembic": AlembicHistory}
MIGRATORS = {"alembic": AlembicMigrator}
"""By the `tool` of a declared migration."""


def container_of(env: OpenEnvironment, spec: Database) -> str:
    """Name of the container that runs a declared database. Raises DatabaseError."""
    containers = base_containers(env)
    if spec.service not in containers:
        raise DatabaseError(f"looking for the database {spec.name!r}", f"the service {spec.service!r} has no container",
                            "Start the environment's base services")
    return containers[spec.service]


def spec_of(env: OpenEnvironment, name: str) -> Database:
    return next(spec for spec in env.stack.databases if spec.name == name)


def owned(env: OpenEnvironment, spec: Database) -> SqlDatabase:
    """As its owner, for dumps."""
    env.refuse_faults()
    return open_as_owner(env.host, spec, container_of(env, spec), env.values)


def free_connections(env: OpenEnvironment, spec: Database) -> int:
    """How many more connections a database takes, asked with the new configuration's own login (P24, P84)."""
    env.refuse_faults()
    return open_database(env.host, spec, container_of(env, spec), env.values).free_connections()


def histories(env: OpenEnvironment, pins: Mapping[str, str]) -> Iterator[tuple[Migration, AlembicHistory]]:
    """One per declared schema history: read in the image, with nothing of the environment."""
    unreal = stand_ins(env.values, tuple(env.config.secrets))
    for spec in env.stack.migrations:
        yield spec, HISTORIES[spec.tool](
            host=env.host, image=pins[spec.service], stand_ins=unreal, directory=spec.directory,
            database=spec.database, engine=spec_of(env, spec.database).engine,
            key=f"{env.name}/{env.stack.name}/plan/{spec.database}")


def schema_state(env: OpenEnvironment, name: str) -> SchemaState:
    """What a declared database says about its schema; nothing where its service was never started."""
    spec = spec_of(env, name)
    containers = base_containers(env)
    if spec.service not in containers:
        return NO_DATABASE_YET
    return open_database(env.host, spec, containers[spec.service], env.values).schema_state()


def misfits(env: OpenEnvironment, name: str, fits: Sequence[Fit]) -> list[str]:
    """Which of `fits` the data of a declared database do not satisfy, with how many rows."""
    database = owned(env, spec_of(env, name)) if fits else None
    counted = [(fit.what, database.count(fit.misfits)) for fit in fits] if database else []
    return [f"{what}: not so in {count} row{'s' * (count != 1)}" for what, count in counted if count]


def migrator(env: OpenEnvironment, spec: Migration, pins: Mapping[str, str], *, key: str,
             overrides: Mapping[str, str] = {}, networks: tuple[str, ...] = ()) -> AlembicMigrator:
    """A schema history inside the image of `pins`; `overrides` and `networks` lead it to a copy of the database."""
    env.refuse_faults()
    environment = {**env.values, **overrides}
    return MIGRATORS[spec.tool](
        host=env.host, image=pins[spec.service], environment=environment, directory=spec.directory, key=key,
        networks=networks or shared_networks(env), lock_timeout_seconds=spec.lock_timeout_seconds)

"""The databases and schema histories that a stack declares, opened in one environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tasks.data.base import base_containers, shared_networks
from tasks.frame.open_environment import OpenEnvironment
from tidegate.backups.saved import PlacedDatabase, RestoredCopy
from tidegate.errors import DatabaseError
from tidegate.facts import NO_DATABASE_YET, Fit, SchemaState
from tidegate.ports import DatabaseServer
from tidegate.schema.ports import Migrator, SchemaHistory
from tidegate.stack.data import AnyDatabase, Database
from tidegate.stack.migration_volumes import volumes_for
from tidegate.stack.migrations import Migration
from tidegate.stack.stand_ins import stand_ins


def container_of(env: OpenEnvironment, spec: AnyDatabase) -> str:
    """Name of the container that runs a declared database; empty of one elsewhere. Raises
    DatabaseError."""
    if spec.service is None:
        return ""
    containers = base_containers(env)
    if spec.service not in containers:
        raise DatabaseError(
            f"looking for the database {spec.name!r}",
            f"the service {spec.service!r} has no container",
            "Start the environment's base services",
        )
    return containers[spec.service]


def spec_of(env: OpenEnvironment, name: str) -> AnyDatabase:
    return next(spec for spec in env.stack.databases if spec.name == name)


def migrated(env: OpenEnvironment, spec: Migration) -> Database:
    """The database that a declared history belongs to: one of SQL, as the stack file was checked
    for."""
    return next(
        one
        for one in env.stack.databases
        if isinstance(one, Database) and one.name == spec.database
    )


def placed(env: OpenEnvironment, spec: AnyDatabase) -> PlacedDatabase:
    """With the container that runs it, and its logins. Raises ConfigError, DatabaseError."""
    env.refuse_faults()
    return PlacedDatabase(
        spec, container_of(env, spec), env.logins(spec), client_networks(env, spec)
    )


def client_networks(env: OpenEnvironment, spec: AnyDatabase) -> tuple[str, ...]:
    """Of the stack's networks those that are there, for the client of a database elsewhere: a plan
    makes none."""
    if spec.service is not None:
        return ()
    there = env.measures.network_names()
    return tuple(name for name in shared_networks(env) if name in there)


def owned(env: OpenEnvironment, spec: AnyDatabase) -> DatabaseServer:
    """As its owner, for dumps."""
    return env.databases.as_owner(placed(env, spec))


def histories(
    env: OpenEnvironment, pins: Mapping[str, str]
) -> Iterator[tuple[Migration, SchemaHistory]]:
    """One per declared schema history: read in the image, with nothing of the environment."""
    for spec in env.stack.migrations:
        database = migrated(env, spec)
        unreal = stand_ins(env.logins(database), (*env.config.secrets, database.password_key))
        yield (
            spec,
            env.migrations.history(
                spec,
                database,
                image=pins[spec.service],
                stand_ins=unreal,
                key=f"{env.name}/{env.stack.name}/plan/{spec.database}",
            ),
        )


def schema_state(env: OpenEnvironment, spec: Migration) -> SchemaState:
    """Where a declared history is in its database; nothing where the database's service was never
    started."""
    database = migrated(env, spec)
    if database.service is not None and database.service not in base_containers(env):
        return NO_DATABASE_YET
    return env.migrations.state(spec, database, env.databases.as_application(placed(env, database)))


def misfits(env: OpenEnvironment, name: str, fits: Sequence[Fit]) -> list[str]:
    """Which of `fits` the data of a declared database do not satisfy, with how many rows."""
    database = owned(env, spec_of(env, name)) if fits else None
    counted = [(fit.what, database.count(fit.misfits)) for fit in fits] if database else []
    return [
        f"{what}: not so in {count} row{'s' * (count != 1)}" for what, count in counted if count
    ]


def migrator(
    env: OpenEnvironment,
    spec: Migration,
    pins: Mapping[str, str],
    *,
    key: str,
    copy: RestoredCopy | None = None,
) -> Migrator:
    """A schema history inside the image of `pins`, on the database in use or on a `copy` of it."""
    env.refuse_faults()
    database = migrated(env, spec)
    server = copy.database if copy else env.databases.as_application(placed(env, database))
    return env.migrations.migrator(
        spec,
        database,
        image=pins[spec.service],
        environment={**env.logins(database), **(copy.environment if copy else {})},
        networks=(copy.network,) if copy else shared_networks(env),
        volumes={} if copy else volumes_for(env.model(), env.base_project, spec),
        key=key,
        server=server,
    )

"""The databases that a stack declares, opened in one environment."""

from __future__ import annotations

from tasks.data.base import base_containers, shared_networks
from tasks.frame.open_environment import OpenEnvironment
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import DatabaseError
from tidegate.ports import DatabaseServer
from tidegate.stack.data import AnyDatabase, Database
from tidegate.stack.migrations import Migration


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

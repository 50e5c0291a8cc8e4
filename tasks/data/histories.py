"""The schema histories that a stack declares, in the image and in the databases of one environment.

A history of a pattern is the same in each of the databases that the pattern finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tasks.data.base import base_containers, shared_networks
from tasks.data.databases import migrated, owned, spec_of
from tasks.data.found import databases_of
from tasks.frame.open_environment import OpenEnvironment
from tidegate.backups.saved import PlacedDatabase, RestoredCopy
from tidegate.facts import NO_DATABASE_YET, Fit, SchemaChange, SchemaState
from tidegate.plan.changes import gravest
from tidegate.schema.ports import Migrator, SchemaHistory
from tidegate.stack.data import Database
from tidegate.stack.migration_volumes import volumes_for
from tidegate.stack.migrations import Migration
from tidegate.stack.stand_ins import stand_ins


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


def planned_changes(
    env: OpenEnvironment, spec: Migration, history: SchemaHistory
) -> list[SchemaChange]:
    """What the image would do to the database. Of a pattern, one for each state in which a database
    is that has not arrived, since an update may have stopped half way; nothing where none is there.
    Of two that begin at one state and differ otherwise, the graver one counts."""
    seen = list[SchemaState]()
    changes = list[SchemaChange]()
    for state in schema_states(env, spec).values():
        if state not in seen:
            seen.append(state)
            changes.append(history.inspect(state))
    changes.sort(key=lambda change: change.current or "")
    by_state = dict[str | None, SchemaChange]()
    for one in (change for change in changes if change.current != change.head):
        other = by_state.get(one.current)
        if other is None or gravest([other.kind, one.kind]) != other.kind:
            by_state[one.current] = one
    return [*by_state.values()] or changes[:1]


def schema_states(env: OpenEnvironment, spec: Migration) -> dict[str, SchemaState]:
    """Where a declared history is, by the name of the database; nothing where the database's
    service was never started."""
    database = migrated(env, spec)
    if database.service is not None and database.service not in base_containers(env):
        return {} if database.pattern else {database.name: NO_DATABASE_YET}
    return {
        at.spec.name: env.migrations.state(spec, database, env.databases.as_application(at))
        for at in databases_of(env, database)
    }


def misfits(env: OpenEnvironment, name: str, fits: Sequence[Fit]) -> list[str]:
    """Which of `fits` the data of a declared database do not satisfy, with how many rows."""
    database = owned(env, spec_of(env, name)) if fits else None
    counted = [(fit.what, database.count(fit.misfits)) for fit in fits] if database else []
    return [
        f"{what}: not so in {count} row{'s' * (count != 1)}" for what, count in counted if count
    ]


def migrators(
    env: OpenEnvironment, spec: Migration, pins: Mapping[str, str], *, key: str
) -> dict[str, Migrator]:
    """A schema history inside the image of `pins`, on the database in use: by its name, and of a
    pattern for each that is there now."""
    return {
        at.spec.name: migrator(env, spec, at, pins, key=f"{key}{at.spec.name}")
        for at in databases_of(env, migrated(env, spec))
    }


def migrator(
    env: OpenEnvironment,
    spec: Migration,
    at: PlacedDatabase,
    pins: Mapping[str, str],
    *,
    key: str,
    copy: RestoredCopy | None = None,
) -> Migrator:
    """The same for one database, or on a `copy` of it."""
    env.refuse_faults()
    assert isinstance(at.spec, Database)
    server = copy.database if copy else env.databases.as_application(at)
    return env.migrations.migrator(
        spec,
        at.spec,
        image=pins[spec.service],
        environment={**at.environment, **(copy.environment if copy else {})},
        networks=(copy.network,) if copy else shared_networks(env),
        volumes={} if copy else volumes_for(env.model(), env.base_project, spec),
        key=key,
        server=server,
    )

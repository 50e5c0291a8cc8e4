"""The databases that patterns of the stack file find on their servers: now, or when a backup was
made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tasks.data.base import base_containers
from tasks.data.databases import placed, spec_of
from tasks.frame.open_environment import OpenEnvironment
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import DatabaseError
from tidegate.facts import Backup, FoundDatabases
from tidegate.secrecy.outside_text import one_line
from tidegate.stack.data import FOUND_KEY, PORTS, AnyDatabase, Database
from tidegate.stack.database_patterns import MOST_NAME_BYTES, filled, kept_as, matching, name_of

MOST_FOUND = 1_000


def databases_of(env: OpenEnvironment, spec: AnyDatabase) -> list[PlacedDatabase]:
    """A declared database; of a pattern, each one that is there now. Raises ConfigError,
    DatabaseError."""
    at = placed(env, spec)
    if not isinstance(spec, Database) or spec.pattern is None:
        return [at]
    names = matching(filled(spec.pattern, env.values), env.databases.names(at))
    others = _named(env, spec)
    return _each(at, spec, [name for name in names if name not in others])


def databases_then(env: OpenEnvironment, spec: AnyDatabase, backup: Backup) -> list[PlacedDatabase]:
    """A declared database; of a pattern, each one that the backup holds. Raises BackupError,
    ConfigError, DatabaseError."""
    at = placed(env, spec)
    if not isinstance(spec, Database) or spec.pattern is None:
        return [at]
    return _each(at, spec, env.restored.found_then(backup, spec))


def entry_of(name: str) -> str:
    """The name under `databases` of what backups call `main`, or `tenants:ten_a`."""
    return name.partition(":")[0]


def database_named(env: OpenEnvironment, name: str) -> PlacedDatabase:
    """The one that backups call so: `main`, or `tenants:ten_a` of a pattern."""
    spec, kept = spec_of(env, entry_of(name)), name.partition(":")[2]
    at = placed(env, spec)
    if not kept or not isinstance(spec, Database):
        return at
    [found] = _each(at, spec, [name_of(kept)])
    return found


def sources(env: OpenEnvironment) -> list[PlacedDatabase]:
    """All that is to be saved, with the containers that run it."""
    env.refuse_faults()
    return [one for spec in _saved(env) for one in databases_of(env, spec)]


def sources_then(env: OpenEnvironment, backup: Backup) -> list[PlacedDatabase]:
    """All that the backup puts back."""
    env.refuse_faults()
    return [one for spec in _saved(env) for one in databases_then(env, spec, backup)]


def found_now(env: OpenEnvironment) -> tuple[FoundDatabases, ...]:
    """What each pattern finds; nothing where its server was never started."""
    running = base_containers(env)
    return tuple(
        found_of(env, spec, databases_of(env, spec) if _runs(spec, running) else ())
        for spec in patterned(env)
    )


def found_among(
    env: OpenEnvironment, databases: Sequence[PlacedDatabase]
) -> tuple[FoundDatabases, ...]:
    """Which of `databases` each pattern has found whose databases are saved here."""
    return tuple(
        found_of(env, spec, (one for one in databases if one.spec.name.startswith(f"{spec.name}:")))
        for spec in patterned(env)
        if not spec.saved_elsewhere
    )


def found_of(
    env: OpenEnvironment, spec: Database, databases: Iterable[PlacedDatabase]
) -> FoundDatabases:
    names = tuple(one.spec.name.removeprefix(f"{spec.name}:") for one in databases)
    pattern = filled(spec.pattern or "", env.values)
    return FoundDatabases(spec.name, pattern, names, is_saved=not spec.saved_elsewhere)


def patterned(env: OpenEnvironment) -> list[Database]:
    """The declarations that are patterns."""
    return [one for one in env.stack.databases if isinstance(one, Database) and one.pattern]


def server_of(env: OpenEnvironment, spec: Database) -> tuple[str, ...]:
    """What tells one server from another: its service, or its address in small letters."""
    if spec.service is not None:
        return (spec.service,)
    logins = env.logins(spec)
    port = logins.get(spec.port_key) if spec.port_key else ""
    return logins.get(spec.host_key or "", "").lower(), port or PORTS[spec.engine]


def named_database(env: OpenEnvironment, spec: Database) -> str:
    """The name of one that is declared by its name."""
    return env.logins(spec).get(spec.key_of_name, "")


def _saved(env: OpenEnvironment) -> list[AnyDatabase]:
    return [spec_of(env, name) for name in env.stack.state.databases]


def _runs(spec: Database, running: Iterable[str]) -> bool:
    return spec.service is None or spec.service in running


def _named(env: OpenEnvironment, spec: Database) -> set[str]:
    """Databases of the same server that are declared by their names: no pattern finds these."""
    server = server_of(env, spec)
    return {
        named_database(env, one)
        for one in env.stack.databases
        if isinstance(one, Database) and one.database_key and server_of(env, one) == server
    }


def _each(at: PlacedDatabase, spec: Database, names: Sequence[str]) -> list[PlacedDatabase]:
    doing = f"looking for the databases of {spec.name!r}"
    if len(names) > MOST_FOUND:
        raise DatabaseError(
            doing,
            f"{len(names)} are like {spec.pattern}, and Tidegate saves at most {MOST_FOUND}",
            "Part them by several patterns, or by several stacks",
        )
    if long := [name for name in names if len(kept_as(name).encode()) > MOST_NAME_BYTES]:
        raise DatabaseError(
            doing,
            f"the name {one_line(long[0], 80)} is too long for the name of a file",
            "Give the database a shorter name, or let no pattern find it",
        )
    return [
        replace(at, spec=spec.found(name), environment={**at.environment, FOUND_KEY: name})
        for name in names
    ]

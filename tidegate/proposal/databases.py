"""A database of a compose file, with the env keys by which it is reached."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.proposal.known_images import engine_of
from tidegate.proposal.roles import ends
from tidegate.stack.env_files import environment_of
from tidegate.stack.variables import whole_variable, with_defaults

_SAID: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "postgresql": {
        "user": ("POSTGRES_USER",),
        "password": ("POSTGRES_PASSWORD",),
        "database": ("POSTGRES_DB",),
    },
    "mysql": {
        "user": ("MYSQL_USER", "MARIADB_USER", "DB_USER"),
        "password": ("MYSQL_PASSWORD", "MARIADB_PASSWORD", "DB_PASS", "DB_PASSWORD"),
        "database": ("MYSQL_DATABASE", "MARIADB_DATABASE", "DB_NAME"),
    },
}
"""How the images are told the names that they make at their first start."""
_ASKS_NOBODY = ("POSTGRES_HOST_AUTH_METHOD", "trust")
"""Whoever comes is let in: any password is right, and none is said."""
ANY_PASSWORD = "not-asked-for"
_ROOT = ("MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD")
_HOST_KEY = re.compile(
    r"(?:DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|SQL).*HOST|HOST.*(?:DB|DATABASE|SQL)", re.IGNORECASE
)

_ADDRESS = re.compile(
    r"[a-z][a-z0-9+]*://(?:[^@\s$]|\$(?!\{)|\$\{[^}]*\})*@([^/:\s$]+|\$\{[^}]*\})"
    r"(?::(?:[^/\s$]|\$\{[^}]*\})*)?/"
)
"""`postgres://app:${DB_PASSWORD:?say it}@db/app`: what stands in braces may have blanks."""


@dataclass(frozen=True)
class ProposedDatabase:
    """`keys` are those of stack.yaml, such as `host_key`, with the env keys that they name."""

    engine: str
    service: str
    keys: Mapping[str, str]
    values: Mapping[str, str]
    """What the compose files already say that some of these env keys are."""
    url_key: str = ""
    """The env key of the one address, `postgresql://...@db/...`, where a compose file makes it."""


def databases_of(
    model: ComposeModel,
    released: Collection[str],
    images: Mapping[str, str],
    known: Mapping[str, str] = {},
) -> list[ProposedDatabase]:
    """Of each service that runs an engine which Tidegate saves; `images` are what they are made
    from, `known` is what the env file says that is given to all who name one."""
    servers = (
        name
        for name, one in model["services"].items()
        if name not in released and not ends(one, name)  # a job with its client is none
    )
    found = ((name, engine_of(images[name])) for name in servers)
    return [_database(model, name, engine, released, known) for name, engine in found if engine]


def _database(
    model: ComposeModel,
    name: str,
    engine: str,
    released: Collection[str],
    known: Mapping[str, str],
) -> ProposedDatabase:
    environment = environment_of(model["services"][name])
    said = {part: _key(environment, names) for part, names in _SAID[engine].items()}
    may_be_told = bool(model["services"][name].get("env_file")) and not known
    guesses = engine == "postgresql" and not may_be_told
    if engine == "mysql" and not may_be_told and not _is_told(environment, _SAID[engine]["user"]):
        root = next((one for one in _ROOT if _is_told(environment, (one,))), None)
        if root:  # the image makes no other user
            said |= {"user": (said["user"][0], "root"), "password": _key(environment, (root,))}
    host_key = _host_key(model, name, released)
    user, database = said["user"], said["database"]
    if guesses and user[1] is None and not _is_told(environment, _SAID[engine]["user"]):
        user = (user[0], known.get(user[0]) or "postgres")
    if guesses and not _is_told(environment, _SAID[engine]["database"]):  # called as its user
        database = (database[0], known.get(database[0]) or user[1] or known.get(user[0]))
    if environment.get(_ASKS_NOBODY[0]) == _ASKS_NOBODY[1] and said["password"][1] is None:
        said |= {"password": (said["password"][0], ANY_PASSWORD)}
    pairs = {
        **({"host_key": (host_key, name)} if host_key else {}),
        "user_key": user,
        "password_key": said["password"],
        "database_key": database,
    }
    return ProposedDatabase(
        engine,
        name,
        {key: pair[0] for key, pair in pairs.items()},
        {pair[0]: pair[1] for pair in pairs.values() if pair[1] is not None},
        _url_key(model, name, host_key, released),
    )


def _url_key(
    model: ComposeModel, database: str, host_key: str | None, released: Collection[str]
) -> str:
    names = {database, *_other_names(model["services"][database])}
    for key, value in _told(model, released):
        if found := _ADDRESS.match(str(value)):
            variable = whole_variable(found[1])
            if with_defaults(found[1]) in names or (variable and variable.name == host_key):
                return key
    return ""


def _key(environment: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, str | None]:
    """The env key that gives it, and what it is where the compose file says it."""
    for name in names:
        if name in environment and environment[name] is not None:
            if variable := whole_variable(environment[name]):
                return variable.name, variable.default
            return name, with_defaults(str(environment[name]))
        if f"{name}_FILE" in environment:
            return name, None
    return names[0], None


def _is_told(environment: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(one in environment for name in names for one in (name, f"{name}_FILE"))


def _host_key(model: ComposeModel, database: str, released: Collection[str]) -> str | None:
    names = {database, *_other_names(model["services"][database])}
    for key, value in _told(model, released):
        variable = whole_variable(value)
        if variable and (
            (variable.default in names and "HOST" in f"{key} {variable.name}".upper())
            or (variable.default is None and _HOST_KEY.search(variable.name))
        ):
            return variable.name
        if value in names and _HOST_KEY.search(key):
            return key
    return None


def _told(model: ComposeModel, released: Collection[str]) -> Iterator[tuple[str, Any]]:
    return (pair for name in released for pair in environment_of(model["services"][name]).items())


def _other_names(service: Mapping[str, Any]) -> Iterator[str]:
    if name := service.get("container_name"):
        yield str(name)
    for network in (service.get("networks") or {}).values():
        yield from (network or {}).get("aliases") or ()

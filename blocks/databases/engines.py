"""From a stack's declaration of a database to the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from blocks.databases.client import ClientContainers
from blocks.databases.mysql.beside import MySQLBeside
from blocks.databases.mysql.server import MySQL
from blocks.databases.postgresql.beside import PostgreSQLBeside
from blocks.databases.postgresql.server import PostgreSQL
from blocks.databases.redis.beside import RedisBeside
from blocks.databases.redis.server import Redis
from blocks.databases.sql_client import Login
from blocks.docker.host import DockerHost
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import ConfigError
from tidegate.ports import JobRunner
from tidegate.stack.data import FOUND_KEY, PORTS, AnyDatabase, Database, RedisServer

SqlDatabase = MySQL | PostgreSQL
OpenDatabase = SqlDatabase | Redis

_ADAPTERS: Mapping[str, type[MySQL] | type[PostgreSQL]] = {"mysql": MySQL, "postgresql": PostgreSQL}
ROOT_PASSWORD_KEY = "MYSQL_ROOT_PASSWORD"


def login_keys(spec: AnyDatabase) -> set[str]:
    """The env keys that lead into `spec`, as the application and as its owner."""
    url_key = spec.url_key if isinstance(spec, Database) else None
    keys = {key for key in (*spec.name_keys, spec.password_key, url_key) if key}
    return keys | {ROOT_PASSWORD_KEY} if spec.engine == "mysql" else keys


def open_database(
    host: JobRunner,
    spec: Database,
    container: str,
    environment: Mapping[str, str],
    address: str = "",
) -> SqlDatabase:
    """The database `spec`, as the application logs in to it: in its own container, or at `address`.

    Raises ConfigError for a key that is missing.
    """
    return _ADAPTERS[spec.engine](host, container, _login(spec, environment, address))


def open_as_owner(
    host: JobRunner,
    spec: Database,
    container: str,
    environment: Mapping[str, str],
    address: str = "",
) -> SqlDatabase:
    """The same with every privilege where the environment has root's password: for dumps and
    restores."""
    login = _login(spec, environment, address)
    if spec.engine == "mysql" and environment.get(ROOT_PASSWORD_KEY):
        login = replace(login, user="root", password=environment[ROOT_PASSWORD_KEY])
    return _ADAPTERS[spec.engine](host, container, login)


def open_redis(
    host: JobRunner, spec: RedisServer, container: str, environment: Mapping[str, str]
) -> Redis:
    """The Redis `spec`, in its own container: the application's login is the only one.

    Raises ConfigError for a key that is missing.
    """
    keys = (spec.user_key, spec.password_key)
    _refuse_missing(spec, environment, spec.login_fields.values())
    user, password = (environment[key] if key else "" for key in keys)
    return Redis(host, container, Login(user, password, spec.name, _port(spec, environment)))


def open_placed(host: DockerHost, at: PlacedDatabase) -> OpenDatabase:
    """As its owner, in its own container or elsewhere. Raises ConfigError."""
    if isinstance(at.spec, RedisServer):
        return open_redis(host, at.spec, at.container, at.environment)
    return open_as_owner(*_reached(host, at.spec, at))


def beside(database: OpenDatabase) -> MySQLBeside | PostgreSQLBeside | RedisBeside:
    """Where a copy of `database` is restored before it takes its place."""
    if isinstance(database, Redis):
        return RedisBeside(database)
    return MySQLBeside(database) if isinstance(database, MySQL) else PostgreSQLBeside(database)


@dataclass(frozen=True)
class EngineDatabases:
    """The declared databases on one engine."""

    host: DockerHost

    def as_application(self, at: PlacedDatabase) -> OpenDatabase:
        if isinstance(at.spec, RedisServer):
            return open_placed(self.host, at)
        return open_database(*_reached(self.host, at.spec, at))

    def as_owner(self, at: PlacedDatabase) -> OpenDatabase:
        return open_placed(self.host, at)

    def names(self, at: PlacedDatabase) -> list[str]:
        """Of all databases of the server, as its owner sees them."""
        unnamed = replace(at, environment={**at.environment, FOUND_KEY: at.spec.name})
        database = open_placed(self.host, unnamed)
        return [] if isinstance(database, Redis) else database.databases()

    def login_keys(self, spec: AnyDatabase) -> set[str]:
        return login_keys(spec)


def _reached(
    host: DockerHost, spec: Database, at: PlacedDatabase
) -> tuple[JobRunner, Database, str, Mapping[str, str], str]:
    """What opens it: client programs run in its own container, or in containers of their own."""
    if spec.client_image is None:
        return host, spec, at.container, at.environment, ""
    address = at.environment.get(spec.host_key or "")
    if not address:
        raise ConfigError(
            f"opening the database {spec.name!r}",
            f"neither the env file nor the compose files have {spec.host_key}",
            "Add it",
        )
    return (
        ClientContainers(host, spec.client_image, at.networks),
        spec,
        address,
        at.environment,
        address,
    )


def _login(spec: Database, environment: Mapping[str, str], address: str) -> Login:
    keys = (spec.user_key, spec.password_key, spec.key_of_name)
    _refuse_missing(spec, environment, (*spec.login_fields.values(), spec.key_of_name))
    user, password, database = (environment[key] for key in keys)
    return Login(user, password, database, _port(spec, environment), address)


def _refuse_missing(spec: AnyDatabase, environment: Mapping[str, str], keys: Iterable[str]) -> None:
    if missing := [key for key in dict.fromkeys(keys) if not environment.get(key)]:
        raise ConfigError(
            f"opening the database {spec.name!r}",
            f"neither the env file nor the compose files have {', '.join(missing)}",
            "Add it",
        )


def _port(spec: AnyDatabase, environment: Mapping[str, str]) -> int:
    port = (environment.get(spec.port_key) if spec.port_key else "") or PORTS[spec.engine]
    if not port.isdigit():
        raise ConfigError(
            f"opening the database {spec.name!r}", f"{spec.port_key} is not a number", "Correct it"
        )
    return int(port)

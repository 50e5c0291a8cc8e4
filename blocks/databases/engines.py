"""From a stack's declaration of a database to the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from blocks.databases.client import ClientContainers
from blocks.databases.mysql.beside import MySQLBeside
from blocks.databases.mysql.server import MySQL
from blocks.databases.postgresql.beside import PostgreSQLBeside
from blocks.databases.postgresql.server import PostgreSQL
from blocks.databases.sql_client import Login
from blocks.docker.host import DockerHost
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import ConfigError
from tidegate.ports import JobRunner
from tidegate.stack.data import Database

SqlDatabase = MySQL | PostgreSQL

_ADAPTERS: Mapping[str, type[MySQL] | type[PostgreSQL]] = {"mysql": MySQL, "postgresql": PostgreSQL}
PORTS = {"mysql": "3306", "postgresql": "5432"}
ROOT_PASSWORD_KEY = "MYSQL_ROOT_PASSWORD"


def login_keys(spec: Database) -> set[str]:
    """The env keys that lead into `spec`, as the application and as its owner."""
    said = (spec.host_key, spec.port_key, spec.user_key, spec.password_key, spec.database_key)
    keys = {key for key in (*said, spec.url_key) if key}
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


def open_placed(host: DockerHost, at: PlacedDatabase) -> SqlDatabase:
    """As its owner, in its own container or elsewhere. Raises ConfigError."""
    return open_as_owner(*_reached(host, at))


def beside(database: SqlDatabase) -> MySQLBeside | PostgreSQLBeside:
    """Where a copy of `database` is restored before it takes its place."""
    return MySQLBeside(database) if isinstance(database, MySQL) else PostgreSQLBeside(database)


@dataclass(frozen=True)
class EngineDatabases:
    """The declared databases on one engine."""

    host: DockerHost

    def as_application(self, at: PlacedDatabase) -> SqlDatabase:
        return open_database(*_reached(self.host, at))

    def as_owner(self, at: PlacedDatabase) -> SqlDatabase:
        return open_placed(self.host, at)

    def login_keys(self, spec: Database) -> set[str]:
        return login_keys(spec)


def _reached(
    host: DockerHost, at: PlacedDatabase
) -> tuple[JobRunner, Database, str, Mapping[str, str], str]:
    """What opens it: client programs run in its own container, or in containers of their own."""
    spec = at.spec
    if spec.client_image is None:
        return host, spec, at.container, at.environment, ""
    address = at.environment.get(spec.host_key)
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
    keys = (spec.user_key, spec.password_key, spec.database_key)
    missing = [key for key in (*keys, spec.url_key) if key and not environment.get(key)]
    if missing:
        raise ConfigError(
            f"opening the database {spec.name!r}",
            f"neither the env file nor the compose files have {', '.join(missing)}",
            "Add it",
        )
    port = (environment.get(spec.port_key) if spec.port_key else "") or PORTS[spec.engine]
    if not port.isdigit():
        raise ConfigError(
            f"opening the database {spec.name!r}", f"{spec.port_key} is not a number", "Correct it"
        )
    user, password, database = (environment[key] for key in keys)
    return Login(user, password, database, int(port), address)

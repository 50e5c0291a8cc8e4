"""From a stack's declaration of a database to the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blocks.databases.mysql.beside import MySQLBeside
from blocks.databases.mysql.server import MySQL
from blocks.databases.postgresql.beside import PostgreSQLBeside
from blocks.databases.postgresql.server import PostgreSQL
from blocks.databases.sql_client import Login
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
    keys = {spec.host_key, spec.user_key, spec.password_key, spec.database_key} | ({spec.port_key} if spec.port_key else set())
    return keys | {ROOT_PASSWORD_KEY} if spec.engine == "mysql" else keys


def open_database(host: JobRunner, spec: Database, container: str, environment: Mapping[str, str]) -> SqlDatabase:
    """The database `spec`, as the application logs in to it. Raises ConfigError for a key that is missing."""
    return _ADAPTERS[spec.engine](host, container, _login(spec, environment))


def open_as_owner(host: JobRunner, spec: Database, container: str, environment: Mapping[str, str]) -> SqlDatabase:
    """The same with every privilege where the environment has root's password: for dumps and restores."""
    login = _login(spec, environment)
    if spec.engine == "mysql" and environment.get(ROOT_PASSWORD_KEY):
        login = Login("root", environment[ROOT_PASSWORD_KEY], login.database, login.port)
    return _ADAPTERS[spec.engine](host, container, login)


def beside(database: SqlDatabase) -> MySQLBeside | PostgreSQLBeside:
    """Where a copy of `database` is restored before it takes its place."""
    return MySQLBeside(database) if isinstance(database, MySQL) else PostgreSQLBeside(database)


@dataclass(frozen=True)
class EngineDatabases:
    """The declared databases on one engine."""

    host: JobRunner

    def as_application(self, at: PlacedDatabase) -> SqlDatabase:
        return open_database(self.host, at.spec, at.container, at.environment)

    def as_owner(self, at: PlacedDatabase) -> SqlDatabase:
        return open_as_owner(self.host, at.spec, at.container, at.environment)

    def login_keys(self, spec: Database) -> set[str]:
        return login_keys(spec)


def _login(spec: Database, environment: Mapping[str, str]) -> Login:
    keys = (spec.user_key, spec.password_key, spec.database_key)
    missing = [key for key in keys if not environment.get(key)]
    if missing:
        raise ConfigError(f"opening the database {spec.name!r}",
                          f"neither the env file nor the compose files have {', '.join(missing)}", "Add it")
    port = (environment.get(spec.port_key) if spec.port_key else "") or PORTS[spec.engine]
    if not port.isdigit():
        raise ConfigError(f"opening the database {spec.name!r}", f"{spec.port_key} is not a number", "Correct it")
    user, password, database = (environment[key] for key in keys)
    return Login(user, password, database, int(port))

"""Databases that live for the length of a `with`: a restored copy is proved, and rehearsed on, in
one of these."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from docker.errors import NotFound
from docker.models.networks import Network

from blocks.databases.addresses import leading_to
from blocks.databases.engines import (
    ROOT_PASSWORD_KEY,
    OpenDatabase,
    open_as_owner,
    open_database,
    open_redis,
)
from blocks.databases.mysql.server import MySQL
from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import ENDLESS, KEY_LABEL, DockerHost
from tidegate.errors import DatabaseError
from tidegate.stack.data import PORTS, AnyDatabase, Database, RedisServer

IN_MEMORY_MOST = 256 << 20
"""Bytes of data: above this the scratch database lies on disk, since its copy in memory would
starve the host."""
_DATA = {"mysql": "/var/lib/mysql", "postgresql": "/var/lib/postgresql/data"}
"""Of a Redis the data are in memory anyway."""
ROOT = "root"
_FIRST = "tidegate"
"""Made by a scratch server at its start, where the real one was found by its pattern: its name may
be whatever a customer has typed, and no script of an image is given that."""
_ELSEWHERE = "database-copy"
"""What the copy of a database elsewhere is called on its network. A database that a pattern has
found has a name with a colon, and its customer's signs: no host is called so."""
_NO_TLS = {"postgresql": {"PGSSLMODE": "disable"}}
"""A copy speaks none, and its network leads nowhere else. libpq reads this where an application
says nothing else."""
_REDIS = (
    *("redis-server", "--protected-mode", "no", "--save", "", "--databases", "4096"),
    *("--repl-diskless-sync-delay", "0"),
)
"""Started without the arguments of the real one, which may name files that are not there: what it
is given to read says everything but how many databases there may be."""


@dataclass(frozen=True)
class ScratchDatabase:
    """A database of the same image as the real one, with its user and database names and a password
    of its own."""

    database: OpenDatabase
    container: str
    network: str
    """Leads nowhere but to this database."""
    environment: Mapping[str, str] = field(repr=False)
    """For an application's container on `network`: overrides its host, port, user, password and
    database."""


@contextmanager
def scratch_database(
    host: DockerHost,
    spec: AnyDatabase,
    source: str,
    environment: Mapping[str, str],
    key: str,
    *,
    data_size: int,
    timeout_seconds: float = 180,
) -> Iterator[ScratchDatabase]:
    """Start an empty database like the one in the container `source`; it is removed whatever
    happens.

    What a killed attempt left under the same `key` is removed first. Raises EngineError,
    DatabaseError.
    """
    mine, name = f"{key}{ENDLESS}", f"tidegate-scratch-{re.sub(r'[^a-z0-9]+', '-', key.lower())}"
    with ExitStack() as stack:
        with engine_errors(f"starting a scratch database ({mine})"):
            _forget(host, mine, name)
            stack.callback(_forget, host, mine, name)
            host.client.networks.create(name, internal=True, labels={KEY_LABEL: mine})
            made = environment_of_copy(spec, environment)
            container = _start(
                host, spec, source, made, name, mine, in_memory=data_size <= IN_MEMORY_MOST
            )
        application, database = _logins(host, spec, container, made, _first_of(spec, made))
        wait_for_login(host, application, container, timeout_seconds=timeout_seconds)
        if isinstance(
            database, MySQL
        ):  # a restored event would change rows before they are compared
            database.server.restore(io.BytesIO(b"SET GLOBAL event_scheduler = OFF"))
        yield ScratchDatabase(database, container, name, made)


def _first_of(spec: AnyDatabase, environment: Mapping[str, str]) -> str:
    """The database that the scratch server makes at its start."""
    if isinstance(spec, RedisServer):
        return ""
    return environment[spec.database_key] if spec.database_key else _FIRST


def _logins(
    host: DockerHost, spec: AnyDatabase, container: str, environment: Mapping[str, str], first: str
) -> tuple[OpenDatabase, OpenDatabase]:
    """As the application in the `first` database, and as the owner in the one that is proved."""
    if isinstance(spec, RedisServer):
        unasked = RedisServer(name=spec.name, engine=spec.engine, service=spec.service)
        return (open_redis(host, unasked, container, {}),) * 2
    return (
        open_database(host, spec, container, {**environment, spec.key_of_name: first}),
        open_as_owner(host, spec, container, environment),
    )


def wait_for_login(
    host: DockerHost, database: OpenDatabase, container: str, *, timeout_seconds: float
) -> None:
    """Until the application's user can log in. Raises DatabaseError with the last answer and the
    container's log."""
    try:
        database.wait(timeout_seconds)
    except DatabaseError as error:
        raise DatabaseError(
            "waiting for a new database",
            f"{error.came_back}; its log: {host.logs(container)}",
            "Correct what the log names",
        ) from None


def environment_of_copy(spec: AnyDatabase, environment: Mapping[str, str]) -> dict[str, str]:
    """The application's keys, and those by which the official images create a database: the same
    for MySQL."""
    if isinstance(spec, RedisServer):  # it asks for no password, on a network that leads nowhere
        return {spec.port_key: PORTS[spec.engine]} if spec.port_key else {}
    user, database, password = (
        environment[spec.user_key],
        environment[spec.key_of_name],
        secrets.token_hex(16),
    )
    first = _first_of(spec, environment)
    official = (
        _official_mysql(user, password, first)
        if spec.engine == "mysql"
        else {"POSTGRES_USER": user, "POSTGRES_DB": first, "POSTGRES_PASSWORD": password}
    )
    host = {spec.host_key: _alias(spec)} if spec.host_key else {}
    port = {spec.port_key: PORTS[spec.engine]} if spec.port_key else {}
    return (
        official
        | host
        | port
        | _NO_TLS.get(spec.engine, {})
        | {
            spec.user_key: user,
            spec.password_key: password,
            spec.key_of_name: database,
        }
        | _own_address(spec, environment, user, password, database)
    )


def _official_mysql(user: str, password: str, first: str) -> dict[str, str]:
    """Root is there without being asked for."""
    if user == ROOT:
        return {"MYSQL_DATABASE": first, ROOT_PASSWORD_KEY: password}
    login = {"MYSQL_USER": user, "MYSQL_PASSWORD": password}
    return {**login, "MYSQL_DATABASE": first, ROOT_PASSWORD_KEY: secrets.token_hex(16)}


def environment_of_server(environment: Mapping[str, str]) -> dict[str, str]:
    """Of a copy's own container: the official images refuse to make a user who is called root."""
    return {
        key: value
        for key, value in environment.items()
        if value != ROOT or key not in ("MYSQL_USER", "MARIADB_USER")
    }


def _own_address(
    spec: Database, environment: Mapping[str, str], user: str, password: str, database: str
) -> dict[str, str]:
    if not spec.url_key or not (address := environment.get(spec.url_key)):
        return {}
    return {
        spec.url_key: leading_to(
            address,
            spec.url_key,
            user=user,
            password=password,
            host=_alias(spec),
            port=PORTS[spec.engine],
            database=database,
        )
    }


def _start(
    host: DockerHost,
    spec: AnyDatabase,
    source: str,
    environment: Mapping[str, str],
    network: str,
    key: str,
    *,
    in_memory: bool,
) -> str:
    """Same image and arguments as `source`: character sets and SQL modes decide whether a dump can
    be restored."""
    image, arguments = _like(host, spec, source)
    container = host.client.containers.create(
        image,
        arguments,
        environment=environment_of_server(environment),
        network=network,
        name=network,
        labels={KEY_LABEL: key},
        tmpfs={_DATA[spec.engine]: ""} if in_memory and spec.engine in _DATA else None,
    )
    lane = host.client.networks.get(network)
    lane.disconnect(container)
    lane.connect(container, aliases=[_alias(spec)])
    container.start()
    return str(container.id)


def _like(host: DockerHost, spec: AnyDatabase, source: str) -> tuple[str, list[str] | None]:
    """Of a database elsewhere nobody knows more than the image that the stack file names."""
    if spec.client_image:
        return spec.client_image, None
    original: dict[str, Any] = host.client.containers.get(source).attrs
    arguments = [*_REDIS] if spec.engine == "redis" else original["Config"]["Cmd"]
    return original["Image"], arguments


def _alias(spec: AnyDatabase) -> str:
    return spec.service or _ELSEWHERE


def _forget(host: DockerHost, key: str, network: str) -> None:
    host.forget(key)
    for left in host.client.networks.list(names=[network], filters={"label": f"{KEY_LABEL}={key}"}):
        _empty(left)
        left.remove()


def _empty(network: Network) -> None:
    """A rehearsal's container that was killed may still hang on it."""
    try:
        network.reload()
    except NotFound:
        return
    for container in network.containers:
        network.disconnect(container, force=True)

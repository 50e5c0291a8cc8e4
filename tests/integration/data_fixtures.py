"""Fixtures of the tests about data; a test module names this file in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.docker.host import DockerHost
from tests.integration import redis_servers
from tests.integration.data_servers import Server, mysql_server, postgresql_server


@pytest.fixture(scope="session")
def host() -> Iterator[DockerHost]:
    host = DockerHost()
    yield host
    host.client.close()


@pytest.fixture(scope="module")
def mysql(host: DockerHost) -> Iterator[Server]:
    with mysql_server(host) as server:
        yield server


@pytest.fixture(scope="module")
def postgresql(host: DockerHost) -> Iterator[Server]:
    with postgresql_server(host) as server:
        yield server


@pytest.fixture(scope="module")
def redis(host: DockerHost) -> Iterator[redis_servers.Server]:
    quick = ("--repl-diskless-sync-delay", "0", "--maxclients", "500")
    with redis_servers.redis_server(host, *quick) as server:
        yield server

"""Real database servers in containers of their own, on networks that lead nowhere."""

from __future__ import annotations

import io
import secrets
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from blocks.databases.engines import SqlDatabase, open_as_owner, open_database
from blocks.databases.scratch import wait_for_login
from blocks.docker.host import DockerHost
from tests import images
from tidegate.stack.data import Database

MYSQL = Database(
    engine="mysql",
    service="mysql",
    host_key="MYSQL_HOST",
    port_key="MYSQL_PORT",
    user_key="MYSQL_USER",
    password_key="MYSQL_PASSWORD",
    database_key="MYSQL_DATABASE",
)
POSTGRESQL = Database(
    engine="postgresql",
    service="postgresql",
    host_key="POSTGRES_HOST",
    port_key="POSTGRES_PORT",
    user_key="POSTGRES_USER",
    password_key="POSTGRES_PASSWORD",
    database_key="POSTGRES_DB",
)


@dataclass(frozen=True)
class Server:
    """One running database server."""

    host: DockerHost
    spec: Database
    container: str
    network: str
    environment: dict[str, str] = field(repr=False)

    def database(self, **changed: str) -> SqlDatabase:
        return open_database(self.host, self.spec, self.container, self.environment | changed)

    def owner(self) -> SqlDatabase:
        return open_as_owner(self.host, self.spec, self.container, self.environment)

    def sql(self, text: str) -> None:
        self.database().restore(io.BytesIO(text.encode()))


@contextmanager
def mysql_server(host: DockerHost) -> Iterator[Server]:
    environment = {
        "MYSQL_HOST": "mysql",
        "MYSQL_PORT": "3306",
        "MYSQL_USER": "app",
        "MYSQL_DATABASE": "app",
        "MYSQL_PASSWORD": secrets.token_hex(8),
        "MYSQL_ROOT_PASSWORD": secrets.token_hex(8),
    }
    with server(host, MYSQL, images.MYSQL, environment) as made:
        yield made


@contextmanager
def server(
    host: DockerHost, spec: Database, image: str, environment: dict[str, str]
) -> Iterator[Server]:
    name = f"tidegate-test-{uuid.uuid4().hex[:10]}"
    network = host.client.networks.create(name, internal=True)
    data = "/var/lib/mysql" if spec.engine == "mysql" else "/var/lib/postgresql/data"
    container = host.client.containers.create(
        image, environment=environment, network=name, name=name, tmpfs={data: ""}
    )
    try:
        network.disconnect(container)
        network.connect(container, aliases=[spec.service])
        container.start()
        made = Server(host, spec, str(container.id), name, environment)
        wait_for_login(host, made.database(), made.container, timeout_seconds=90)
        yield made
    finally:
        container.remove(force=True, v=True)
        network.remove()


def build_image(tag: str, files: dict[str, str | bytes]) -> str:
    """Build `files`, a Dockerfile among them; the builder's cache makes a second time quick."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    context.seek(0)
    image, _ = DockerHost(timeout_seconds=600).client.images.build(
        fileobj=context, custom_context=True, tag=tag, rm=True, network_mode="none"
    )
    return str(image.id)


@contextmanager
def postgresql_server(host: DockerHost) -> Iterator[Server]:
    environment = {
        "POSTGRES_USER": "app",
        "POSTGRES_DB": "app",
        "POSTGRES_PASSWORD": secrets.token_hex(8),
    }
    with server(host, POSTGRESQL, images.POSTGRESQL, environment) as made:
        yield made


def until_sleeping(server: Server) -> str:
    """The number of the connection that runs `DO SLEEP`, as soon as there is one."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := as_root(
            server, "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"
        ):
            return found
        time.sleep(0.1)
    raise AssertionError("nobody locked the table")


def as_root(server: Server, sql: str) -> str:
    """What MariaDB answers its root."""
    outcome = server.host.execute(
        server.container,
        ["mariadb", "-uroot", "-N", "-e", sql],
        environment={"MYSQL_PWD": server.environment["MYSQL_ROOT_PASSWORD"]},
    )
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.stdout.strip()

"""Real database servers in containers of their own, on networks that lead nowhere."""

from __future__ import annotations

import io
import secrets
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from blocks.databases import SqlDatabase, open_as_owner, open_database
from blocks.docker_host import DockerHost
from blocks.scratch import wait_for_login
from tidegate.stackfile import Database

BASE = "tidegate-base:bookworm"
MYSQL_IMAGE, POSTGRESQL_IMAGE = "tidegate-test/mysql-like:1", "tidegate-test/postgresql-like:1"
MYSQL = Database(engine="mysql", service="mysql")
POSTGRESQL = Database(engine="postgresql", service="postgresql", port_key="POSTGRES_PORT", user_key="POSTGRES_USER",
                      password_key="POSTGRES_PASSWORD", database_key="POSTGRES_DB")

_MYSQL_ENTRYPOINT = r"""#!/bin/sh
set -e
chown mysql: /var/lib/mysql && mkdir -p /run/mysqld && chown mysql: /run/mysqld && umask 077
if [ ! -d /var/lib/mysql/mysql ]; then
  mariadb-install-db --user=mysql --skip-test-db --auth-root-authentication-method=normal >/dev/null
  cat >/run/mysqld/init.sql <<SQL
DROP USER IF EXISTS ''@localhost, root@'127.0.0.1', root@'::1';
ALTER USER root@localhost IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
CREATE USER root@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
CREATE DATABASE \`$MYSQL_DATABASE\` CHARACTER SET utf8mb4;
CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';
GRANT ALL ON \`$MYSQL_DATABASE\`.* TO '$MYSQL_USER'@'%';
SQL
  chown mysql: /run/mysqld/init.sql
  set -- "$@" --init-file=/run/mysqld/init.sql
fi
exec "$@" --user=mysql --bind-address=0.0.0.0 --skip-name-resolve
"""
_MYSQL_DOCKERFILE = f"""FROM {BASE}
COPY entrypoint.sh /entrypoint.sh
ENTRYPOINT ["sh", "/entrypoint.sh"]
CMD ["mariadbd"]
"""
_POSTGRESQL_ENTRYPOINT = r"""#!/bin/sh
set -e
bin=$(ls -d /usr/lib/postgresql/*/bin) data=/var/lib/postgresql/data
mkdir -p $data && chown postgres: $data && chmod 700 $data
if [ ! -f $data/PG_VERSION ]; then
  printf %s "$POSTGRES_PASSWORD" >/run/password && chown postgres: /run/password
  setpriv --reuid=postgres --regid=postgres --init-groups \
    $bin/initdb -D $data -U "$POSTGRES_USER" --pwfile=/run/password -E UTF8 --no-sync >/dev/null
  rm /run/password
  echo 'host all all all scram-sha-256' >>$data/pg_hba.conf
  printf 'CREATE DATABASE "%s"' "$POSTGRES_DB" | setpriv --reuid=postgres --regid=postgres --init-groups \
    $bin/postgres --single -D $data postgres >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups $bin/postgres -D $data -c listen_addresses='*'
"""
_POSTGRESQL_DOCKERFILE = f"""FROM {BASE}
RUN apt-get update && apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/*
COPY entrypoint.sh /entrypoint.sh
ENTRYPOINT ["sh", "/entrypoint.sh"]
"""


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
def mysql_server(host: DockerHost, image: str) -> Iterator[Server]:
    environment = {"MYSQL_HOST": "mysql", "MYSQL_PORT": "3306", "MYSQL_USER": "app", "MYSQL_DATABASE": "app",
                   "MYSQL_PASSWORD": secrets.token_hex(8), "MYSQL_ROOT_PASSWORD": secrets.token_hex(8)}
    with server(host, MYSQL, image, environment) as made:
        yield made


@contextmanager
def server(host: DockerHost, spec: Database, image: str, environment: dict[str, str]) -> Iterator[Server]:
    name = f"tidegate-test-{uuid.uuid4().hex[:10]}"
    network = host.client.networks.create(name, internal=True)
    data = "/var/lib/mysql" if spec.engine == "mysql" else "/var/lib/postgresql/data"
    container = host.client.containers.create(image, environment=environment, network=name, name=name, tmpfs={data: ""})
    try:
        network.disconnect(container)
        network.connect(container, aliases=[spec.service])
        container.start()
        made = Server(host, spec, container.id, name, environment)
        wait_for_login(host, made.database(), container.id, timeout_seconds=90)
        yield made
    finally:
        container.remove(force=True, v=True)
        network.remove()


def build_image(host: DockerHost, tag: str, files: dict[str, str | bytes], network: str = "none") -> str:
    """Build `files`, a Dockerfile among them; the builder's cache makes a second time quick."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    context.seek(0)
    host.client.api.timeout = 600
    image, _ = host.client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True,
                                         network_mode=network)
    return str(image.id)




def build_mysql(host: DockerHost) -> str:
    return build_image(host, MYSQL_IMAGE, {"Dockerfile": _MYSQL_DOCKERFILE, "entrypoint.sh": _MYSQL_ENTRYPOINT})


def build_postgresql(host: DockerHost) -> str:
    return build_image(host, POSTGRESQL_IMAGE,
                       {"Dockerfile": _POSTGRESQL_DOCKERFILE, "entrypoint.sh": _POSTGRESQL_ENTRYPOINT}, network="bridge")


@contextmanager
def postgresql_server(host: DockerHost, image: str) -> Iterator[Server]:
    environment = {"POSTGRES_USER": "app", "POSTGRES_DB": "app", "POSTGRES_PASSWORD": secrets.token_hex(8)}
    with server(host, POSTGRESQL, image, environment) as made:
        yield made

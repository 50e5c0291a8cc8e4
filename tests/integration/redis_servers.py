"""Real Redis servers in containers of their own, on networks that lead nowhere."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from blocks.databases.engines import open_redis
from blocks.databases.redis.server import Redis
from blocks.databases.scratch import wait_for_login
from blocks.docker.host import DockerHost
from tests import images
from tidegate.backups.saved import PlacedDatabase
from tidegate.stack.data import RedisServer

REDIS = RedisServer(
    engine="redis", service="redis", port_key="REDIS_PORT", password_key="REDIS_PASSWORD"
)


@dataclass(frozen=True)
class Server:
    """One running Redis."""

    host: DockerHost
    spec: RedisServer
    container: str
    environment: dict[str, str] = field(repr=False)

    @property
    def at(self) -> PlacedDatabase:
        return PlacedDatabase(self.spec, self.container, self.environment)

    def database(self, **changed: str) -> Redis:
        return open_redis(self.host, self.spec, self.container, self.environment | changed)

    def say(self, *command: str) -> str:
        """What redis-cli answers to a command."""
        outcome = self.host.execute(
            self.container,
            ["redis-cli", *command],
            environment={"REDISCLI_AUTH": self.environment["REDIS_PASSWORD"]},
        )
        assert outcome.exit_code == 0, outcome.stderr
        return outcome.stdout.strip()

    def inside(self, script: str) -> str:
        """What a shell in its container prints."""
        return self.host.execute(self.container, ["sh", "-c", script]).stdout.strip()


@contextmanager
def redis_server(host: DockerHost, *arguments: str) -> Iterator[Server]:
    name = f"tidegate-test-{uuid.uuid4().hex[:10]}"
    password = secrets.token_hex(8)
    container = host.client.containers.create(
        images.REDIS,
        ["redis-server", "--requirepass", password, *arguments],
        network="none",
        name=name,
    )
    try:
        container.start()
        environment = {"REDIS_PORT": "6379", "REDIS_PASSWORD": password}
        made = Server(host, REDIS, str(container.id), environment)
        wait_for_login(host, made.database(), made.container, timeout_seconds=30)
        yield made
    finally:
        container.remove(force=True, v=True)

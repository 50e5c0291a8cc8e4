"""A store of backups, and what is saved into it. Imported by the tests of backups."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.making import make_backup
from blocks.docker.host import DockerHost
from tests import images
from tests.in_container import printed_in
from tests.integration.data_servers import Server
from tidegate.backups.saved import PlacedDatabase
from tidegate.facts import Backup

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    return BackupStore(tmp_path / "backups" / "shop" / "prod")


@pytest.fixture
def filled(mysql: Server) -> Server:
    fill(mysql)
    return mysql


def fill(mysql: Server) -> None:
    """Whatever was there is gone."""
    mysql.owner().restore(io.BytesIO(b"DROP DATABASE app; CREATE DATABASE app"))
    mysql.sql(
        "CREATE TABLE bills (id INT PRIMARY KEY, note TEXT); INSERT INTO bills VALUES (1, 'a'), (2, 'b');"
        "CREATE TABLE empty_one (id INT); CREATE TABLE alembic_version (version_num VARCHAR(32));"
        "INSERT INTO alembic_version VALUES ('0001')"
    )


@pytest.fixture
def volume(host: DockerHost) -> Iterator[str]:
    made = host.client.volumes.create(f"tidegate-test-{uuid.uuid4().hex[:8]}")
    printed_in(host, images.BASE, "sh", "-c", "echo tide >/v/file", volumes={made.name: "/v"})
    yield made.name
    made.remove()


def back_up_volume(host: DockerHost, store: BackupStore, volume: str) -> Backup:
    """A backup of `uploads` alone, without a database: a second instead of several."""
    return make_backup(
        host,
        store,
        "b1",
        f"test/{volume}/backup",
        [],
        volumes={"uploads": volume},
        image=images.BASE,
        config={},
        since=NOON,
        now=lambda: NOON,
    )


def back_up(server: Server, store: BackupStore, backup: str = "b1", **more: Any) -> Backup:
    source = PlacedDatabase(server.spec, server.container, server.environment)
    options: dict[str, Any] = {
        "volumes": {},
        "image": images.BASE,
        "config": {"hash": "abc"},
        "since": NOON,
        "now": lambda: NOON,
    } | more
    return make_backup(
        server.host, store, backup, f"test/{server.network}/backup", [source], **options
    )

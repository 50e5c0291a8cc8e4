"""The adapters keep the contracts that their twins in memory keep (`tests/flows/test_twins.py`)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.kept import EngineBackups, EngineDatabaseCopies
from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests.contracts.backups_contract import BackupsContract, KeptDatabase
from tests.contracts.slots_contract import SlotsContract
from tests.images import BASE
from tests.integration.data_servers import Server
from tidegate.backups.saved import PlacedDatabase
from tidegate.facts import Slot

pytest_plugins = ["tests.integration.data_fixtures"]


class TestEngineSlots(SlotsContract):
    @pytest.fixture
    def compose(self, host: DockerHost) -> Compose:
        return Compose(host)

    @pytest.fixture
    def slot(self, compose: Compose) -> Iterator[Slot]:
        project = f"tg-{uuid4().hex[:8]}-1"
        service = {"image": BASE, "command": ["sleep", "600"], "network_mode": "none", "init": True,
                   "labels": {"tidegate.test": project}}
        yield Slot(project, {"name": project, "services": {"web-1": service, "worker-1": service}})
        compose.remove(project)


class TestEngineBackups(BackupsContract):
    @pytest.fixture
    def kept(self, mysql: Server, tmp_path: Path) -> KeptDatabase:
        mysql.owner().restore(io.BytesIO(
            b"DROP TABLE IF EXISTS bills; CREATE TABLE bills (id INT PRIMARY KEY AUTO_INCREMENT);"
            b"INSERT INTO bills VALUES (1), (2);"))
        store, at = BackupStore(tmp_path), PlacedDatabase(mysql.spec, mysql.container, mysql.environment)
        return KeptDatabase(
            EngineBackups(mysql.host, store), EngineDatabaseCopies(mysql.host, store), mysql.owner(), at, BASE,
            lambda: mysql.sql("INSERT INTO bills VALUES ()"))

"""The adapters keep the contracts that their twins in memory keep (`tests/flows/test_twins.py`)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.kept import EngineBackups, EngineDatabaseCopies, EngineVolumeCopies
from blocks.databases.client import KEY as CLIENT
from blocks.databases.engines import EngineDatabases
from blocks.databases.postgresql.server import PostgreSQL
from blocks.docker.compose import Compose
from blocks.docker.host import KEY_LABEL, DockerHost
from tests.contracts.backups_contract import BackupsContract, KeptDatabase
from tests.contracts.places_contract import KeptPlace, PlacesContract
from tests.contracts.slots_contract import RunOneOff, SlotsContract
from tests.images import BASE
from tests.images import POSTGRESQL as POSTGRESQL_IMAGE
from tests.in_container import printed_in
from tests.integration.data_servers import Server
from tests.one_offs import run_one_off
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import DatabaseError
from tidegate.facts import Slot
from tidegate.stack.data import Database

pytest_plugins = ["tests.integration.data_fixtures"]


class TestEngineSlots(SlotsContract):
    @pytest.fixture
    def compose(self, host: DockerHost) -> Compose:
        return Compose(host)

    @pytest.fixture
    def slot(self, compose: Compose) -> Iterator[Slot]:
        project = f"tg-{uuid4().hex[:8]}-1"
        service = {
            "image": BASE,
            "command": ["sleep", "600"],
            "network_mode": "none",
            "init": True,
            "labels": {"tidegate.test": project},
        }
        yield Slot(project, {"name": project, "services": {"web-1": service, "worker-1": service}})
        compose.remove(project)

    @pytest.fixture
    def run_one_off(self, host: DockerHost) -> RunOneOff:
        def run(slot: Slot, service: str) -> Callable[[], object]:
            container = run_one_off(host, slot.project, slot.model, service)

            def started() -> object:
                container.reload()
                return container.attrs["State"]["StartedAt"]

            return started

        return run


class TestEngineBackups(BackupsContract):
    @pytest.fixture
    def kept(self, mysql: Server, tmp_path: Path) -> KeptDatabase:
        mysql.owner().restore(
            io.BytesIO(
                b"DROP TABLE IF EXISTS bills; CREATE TABLE bills (id INT PRIMARY KEY AUTO_INCREMENT);"
                b"INSERT INTO bills VALUES (1), (2);"
            )
        )
        store, at = (
            BackupStore(tmp_path),
            PlacedDatabase(mysql.spec, mysql.container, mysql.environment),
        )
        return KeptDatabase(
            EngineBackups(mysql.host, store),
            EngineDatabaseCopies(mysql.host, store),
            mysql.owner(),
            at,
            BASE,
            lambda: mysql.sql("INSERT INTO bills VALUES ()"),
        )


@pytest.mark.crash_only(
    "TestEngineBackups: the same, of a database in a container",
    but=(
        "test_a_backup_has_been_restored_before_it_counts",
        "test_a_copy_beside_touches_nothing_and_takes_the_place_once",
        "test_no_client_is_left",
        "test_a_name_that_nobody_knows_is_said_so",
    ),
)
class TestEngineBackupsElsewhere(BackupsContract):
    """Of a server that is reached by its address alone, through containers of a client image."""

    @pytest.fixture
    def kept(self, postgresql: Server, tmp_path: Path) -> KeptDatabase:
        spec = Database.model_validate(
            {**postgresql.spec.model_dump(), "service": None, "client_image": POSTGRESQL_IMAGE}
        )
        at = PlacedDatabase(
            spec,
            "",
            {**postgresql.environment, "POSTGRES_HOST": "postgresql"},
            (postgresql.network,),
        )
        store, server = BackupStore(tmp_path), EngineDatabases(postgresql.host).as_owner(at)
        assert isinstance(server, PostgreSQL)
        server.restore(
            io.BytesIO(
                b"DROP TABLE IF EXISTS bills; CREATE TABLE bills (id SERIAL PRIMARY KEY);"
                b"INSERT INTO bills VALUES (DEFAULT), (DEFAULT)"
            )
        )
        return KeptDatabase(
            EngineBackups(postgresql.host, store),
            EngineDatabaseCopies(postgresql.host, store),
            server,
            at,
            BASE,
            lambda: postgresql.sql("INSERT INTO bills VALUES (DEFAULT)"),
        )

    def test_no_client_is_left(self, kept: KeptDatabase, host: DockerHost) -> None:
        assert kept.bills == 2
        assert host.containers({KEY_LABEL: CLIENT}) == []

    def test_a_name_that_nobody_knows_is_said_so(
        self, kept: KeptDatabase, host: DockerHost
    ) -> None:
        lost = replace(
            kept.at, environment={**kept.at.environment, "POSTGRES_HOST": "nowhere.invalid"}
        )
        with pytest.raises(DatabaseError, match="nobody here knows the server's name"):
            EngineDatabases(host).as_application(lost).row_counts()


class TestEngineVolume(PlacesContract):
    @pytest.fixture
    def place(self, host: DockerHost, tmp_path: Path) -> Iterator[KeptPlace]:
        def run(script: str) -> str:
            return printed_in(host, BASE, "sh", "-c", script, volumes={name: "/v"})

        name = str(host.client.volumes.create(f"tg-{uuid4().hex[:8]}").name)

        def write(text: str) -> None:
            run(f"echo -n {text} > /v/text")

        made = at_place(host, tmp_path, name, write, lambda: run("cat /v/text"))
        made.write("first")
        yield made
        made.copies.remove_beside(name)
        host.client.volumes.get(name).remove()


class TestEngineFolder(PlacesContract):
    @pytest.fixture
    def place(self, host: DockerHost, tmp_path: Path) -> Iterator[KeptPlace]:
        yield from on_this_machine(
            host, tmp_path, tmp_path / "media", tmp_path / "media" / "in" / "text"
        )


class TestEngineFile(PlacesContract):
    @pytest.fixture
    def place(self, host: DockerHost, tmp_path: Path) -> Iterator[KeptPlace]:
        yield from on_this_machine(
            host, tmp_path, tmp_path / "it's a text", tmp_path / "it's a text"
        )


def on_this_machine(host: DockerHost, store: Path, path: Path, text: Path) -> Iterator[KeptPlace]:
    text.parent.mkdir(parents=True, exist_ok=True)

    def write(new: str) -> None:
        text.write_text(new)

    made = at_place(host, store, str(path), write, text.read_text)
    made.write("first")
    yield made
    made.copies.remove_beside(made.name)


def at_place(
    host: DockerHost, store: Path, name: str, write: Callable[[str], None], read: Callable[[], str]
) -> KeptPlace:
    kept = BackupStore(store / "backups")
    return KeptPlace(
        EngineBackups(host, kept), EngineVolumeCopies(host, kept), name, BASE, write, read
    )

"""A backup counts only when it has been restored: tried with real servers and real ways to break
it."""

from __future__ import annotations

import io
import json
import os
import resource
import stat
import tarfile
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.making import Dump, prove, save_database
from blocks.backups.manifest import Part
from blocks.backups.restoring import SavedDatabase
from blocks.databases.mysql.server import MySQL
from blocks.databases.scratch import ScratchDatabase, scratch_database
from blocks.databases.seen import Seen
from blocks.databases.sql_client import DATA
from blocks.docker.host import KEY_LABEL, DockerHost
from tests.integration.backup_fixtures import (
    NOON,
    back_up,
    back_up_volume,
    fill,
    filled,
    store,
    volume,
)
from tests.integration.data_servers import MYSQL, POSTGRESQL, Server
from tidegate.errors import BackupError, CapacityError, DatabaseError
from tidegate.facts import Backup

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["filled", "store", "volume"]  # fixtures


def writes(content: bytes) -> Callable[[BinaryIO], None]:
    def produce(into: BinaryIO) -> None:
        into.write(content)

    return produce


def dump_of(store: BackupStore, backup: str, part: Part) -> Dump:
    """Of one file, as version 0.1 made it."""
    return Dump(SavedDatabase(store, backup, "main", {DATA: part}), Seen([{}, {}], 0), None, 1)


@pytest.fixture(scope="module")
def only(tmp_path_factory: pytest.TempPathFactory) -> BackupStore:
    """For one backup, which several tests look at."""
    return BackupStore(tmp_path_factory.mktemp("only") / "backups" / "shop" / "prod")


@pytest.fixture(scope="module")
def made(mysql: Server, only: BackupStore) -> Backup:
    fill(mysql)
    return back_up(mysql, only)


def test_a_backup_is_restored_and_compared_before_it_counts(
    mysql: Server, only: BackupStore, made: Backup
) -> None:
    assert made.tables == {"main.bills": 2, "main.empty_one": 0, "main.alembic_version": 1}
    assert (made.verified_at, made.schema_revision) == (NOON, "0001")
    assert made.restore_seconds > 0 < made.dump_seconds
    assert only.backups() == [made]
    assert _left(mysql) == ([], [])


def test_only_the_owner_can_read_a_backup(made: Backup) -> None:
    at = Path(made.path)
    assert {stat.S_IMODE(file.stat().st_mode) for file in at.iterdir()} == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (at, at.parent)} == {0o700}
    assert sorted(file.name for file in at.iterdir()) == [
        "config.json.gz",
        "main.code.sql.gz",
        "main.globals.sql.gz",
        "main.sql.gz",
        "manifest.json",
    ]


def test_no_password_is_in_a_manifest(mysql: Server, made: Backup) -> None:
    manifest = (Path(made.path) / "manifest.json").read_text()
    assert json.loads(manifest)["parts"][1]["name"] == "main.sql.gz"
    assert mysql.environment["MYSQL_PASSWORD"] not in manifest


def test_an_empty_database_is_a_backup_too(mysql: Server, store: BackupStore) -> None:
    mysql.owner().restore(io.BytesIO(b"DROP DATABASE app; CREATE DATABASE app"))
    made = back_up(mysql, store)
    assert (made.tables, made.schema_revision, made.verified_at) == ({}, None, NOON)


def test_a_second_call_for_the_same_backup_changes_nothing(
    mysql: Server, only: BackupStore, made: Backup
) -> None:
    assert back_up(mysql, only, now=lambda: NOON + timedelta(hours=1)) == made


def test_rows_written_during_the_dump_do_not_spoil_it(filled: Server, store: BackupStore) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 100
        while not stop.is_set():
            filled.sql(f"INSERT INTO bills VALUES ({number}, 'late')")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert back_up(filled, store).tables["main.bills"] >= 2
    finally:
        stop.set()
        writer.join()


def test_declared_volumes_are_saved(host: DockerHost, store: BackupStore, volume: str) -> None:
    saved = back_up_volume(host, store, volume)
    with tarfile.open(Path(saved.path) / "uploads.tar.gz") as tar:
        file = tar.extractfile("tidegate-volume/file")
        assert file is not None
        assert file.read() == b"tide\n"


def test_a_declared_volume_that_is_not_there_fails_the_backup(
    filled: Server, store: BackupStore
) -> None:
    name = f"tidegate-test-{uuid.uuid4().hex[:8]}"
    with pytest.raises(BackupError, match="no such volume"):
        back_up(filled, store, volumes={"uploads": name})
    assert store.backups() == []
    assert not (store.folder / "b1").exists()
    assert name not in [each.name for each in filled.host.client.volumes.list()]


def test_a_dump_that_fails_keeps_nothing(filled: Server, store: BackupStore) -> None:
    broken = replace(filled, environment=filled.environment | {"MYSQL_ROOT_PASSWORD": "wrong"})
    with pytest.raises(DatabaseError, match="password is wrong"):
        back_up(broken, store)
    assert not (store.folder / "b1").exists()


@pytest.mark.parametrize("cut", [10, 200], ids=["in the trailer", "in the data"])
def test_a_truncated_file_is_refused(filled: Server, store: BackupStore, cut: int) -> None:
    dump = save_database(store, "b1", "main", filled.owner())
    file = store.folder / "b1" / "main.sql.gz"
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises(BackupError, match="sha256"):
        prove(dump, filled.owner())
    with pytest.raises(BackupError, match="damaged"), store.read("b1", "main.sql.gz") as content:
        content.read()


def test_a_dump_without_its_end_mark_is_refused(filled: Server, store: BackupStore) -> None:
    part = store.write("b1", "main.sql.gz", writes(b"CREATE TABLE bills (id INT);\n"))
    with pytest.raises(BackupError, match="end mark"):
        prove(dump_of(store, "b1", part), filled.owner())


def test_a_table_that_did_not_come_back_is_a_failure(filled: Server, store: BackupStore) -> None:
    dump = save_database(store, "b1", "main", filled.owner())
    with store.read("b1", "main.sql.gz") as content:
        text = content.read()
    start, end = (
        text.index(b"DROP TABLE IF EXISTS `bills`"),
        text.index(b"-- Table structure for table `empty_one`"),
    )
    part = store.write("b2", "main.sql.gz", writes(text[:start] + text[end:]))
    lacking = replace(dump, saved=dump_of(store, "b2", part).saved)
    with pytest.raises(BackupError, match="bills: is missing"):
        prove(lacking, filled.owner())
    assert filled.database().row_counts()["bills"] == 2


def test_a_rehearsal_runs_on_the_restored_copy_and_never_on_the_source(
    filled: Server, store: BackupStore
) -> None:
    def rehearse(name: str, scratch: ScratchDatabase) -> None:
        assert name == "main"
        assert scratch.environment["MYSQL_PASSWORD"] != filled.environment["MYSQL_PASSWORD"]
        assert isinstance(scratch.database, MySQL)
        assert scratch.database.row_counts()["bills"] == 2
        scratch.database.restore(io.BytesIO(b"DROP TABLE bills"))

    back_up(filled, store, rehearse=rehearse)
    assert filled.database().row_counts()["bills"] == 2


def test_a_rehearsal_that_fails_leaves_no_backup_and_no_container(
    filled: Server, store: BackupStore
) -> None:
    def rehearse(name: str, scratch: ScratchDatabase) -> None:
        raise RuntimeError("the migration failed")

    with pytest.raises(RuntimeError):
        back_up(filled, store, rehearse=rehearse)
    assert store.backups() == []
    assert _left(filled) == ([], [])


def test_what_a_killed_attempt_left_is_removed_first(filled: Server) -> None:
    key = f"test/{filled.network}/killed"
    killed = scratch_database(
        filled.host, MYSQL, filled.container, filled.environment, key, data_size=0
    )
    left = killed.__enter__()
    with scratch_database(
        filled.host, MYSQL, filled.container, filled.environment, key, data_size=0
    ) as scratch:
        found = filled.host.containers({KEY_LABEL: f"{key}/scratch"})
        assert [each.id for each in found] == [scratch.container] != [left.container]
    killed.__exit__(None, None, None)
    assert _left(filled) == ([], [])


def test_an_application_that_signs_in_as_root_has_a_scratch_database_too(filled: Server) -> None:
    spec = MYSQL.model_copy(update={"password_key": "DB_PASSWORD"})
    as_root = {**filled.environment, spec.user_key: "root", "DB_PASSWORD": "of-root"}
    key = f"test/{filled.network}/root"
    with scratch_database(
        filled.host, spec, filled.container, as_root, key, data_size=0, timeout_seconds=60
    ) as scratch:
        assert scratch.database.data_size() >= 0


def test_a_scratch_database_leads_nowhere(filled: Server) -> None:
    with _scratch(filled) as scratch:
        network = filled.host.client.networks.get(scratch.network)
        assert network.attrs["Internal"]
        assert [each.id for each in network.containers] == [scratch.container]


def test_a_full_disk_keeps_no_half_of_a_backup(filled: Server, store: BackupStore) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    try:
        with pytest.raises(CapacityError, match="nothing was kept"):
            store.write("b1", "main.sql.gz", writes(os.urandom(400_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert list((store.folder / "b1").iterdir()) == []


def test_too_little_room_is_said_before_anything_is_written(
    filled: Server, store: BackupStore
) -> None:
    with pytest.raises(CapacityError, match="are needed"):
        store.check_room(1 << 60)


@pytest.mark.crash_only("tests/integration/test_backups_prove.py: PostgreSQL comes back whole")
def test_postgresql_is_saved_and_proved_the_same_way(
    postgresql: Server, store: BackupStore
) -> None:
    postgresql.sql(
        "DROP TABLE IF EXISTS bills; CREATE TABLE bills (id INT); INSERT INTO bills VALUES (1), (2)"
    )
    assert postgresql.spec is POSTGRESQL
    assert back_up(postgresql, store).tables == {"main.bills": 2}


def _scratch(server: Server) -> Any:
    return scratch_database(
        server.host,
        server.spec,
        server.container,
        server.environment,
        f"test/{server.network}/x",
        data_size=0,
    )


def _left(server: Server) -> tuple[list[str], list[str]]:
    client, mark = server.host.client, f"test/{server.network}"
    containers = [
        str(each.name)
        for each in client.containers.list(all=True, filters={"label": KEY_LABEL})
        if each.labels[KEY_LABEL].startswith(mark)
    ]
    networks = [
        str(each.name)
        for each in client.networks.list(filters={"label": KEY_LABEL})
        if each.attrs["Labels"][KEY_LABEL].startswith(mark)
    ]
    return containers, networks

"""A backup put back over what is there: real servers, a real volume."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from blocks.backup_restoring import replace_database, replace_volume
from blocks.backups import BackupStore
from tests.integration.data_servers import Server
from tests.integration.test_backups import back_up, filled, store, volume
from tidegate.errors import BackupError, EngineError

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["filled", "store", "volume"]   # fixtures


def in_volume(server: Server, volume: str, command: str) -> str:
    image = server.host.client.containers.get(server.container).attrs["Image"]
    mounted = {volume: {"bind": "/v", "mode": "rw"}}
    printed: bytes = server.host.client.containers.run(image, ["sh", "-c", command], entrypoint=[], network="none", remove=True,
                                                       volumes=mounted)
    return printed.decode()


def test_what_was_written_since_is_gone_and_what_was_there_is_back(filled: Server, store: BackupStore) -> None:
    made = back_up(filled, store)
    filled.sql("DELETE FROM bills; INSERT INTO bills VALUES (9, 'late'); CREATE TABLE later (id INT)")
    assert replace_database(store, made, "main", filled.owner()).tables == {"bills": 2, "empty_one": 0, "alembic_version": 1}
    assert dict(filled.database().row_counts()) == {"bills": 2, "empty_one": 0, "alembic_version": 1}


def test_a_damaged_file_is_seen_before_anything_is_cleared(filled: Server, store: BackupStore) -> None:
    made = back_up(filled, store)
    file = Path(made.path) / "main.sql.gz"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(BackupError, match="its sha256 is another"):
        replace_database(store, made, "main", filled.owner())
    assert filled.database().row_counts()["bills"] == 2


def test_a_database_that_the_backup_does_not_hold_is_not_cleared(filled: Server, store: BackupStore) -> None:
    made = back_up(filled, store)
    with pytest.raises(BackupError, match=r"it has no other\.sql\.gz"):
        replace_database(store, made, "other", filled.owner())
    assert filled.database().row_counts()["bills"] == 2


def test_cleared_databases_keep_their_character_set(mysql: Server) -> None:
    mysql.owner().restore(io.BytesIO(b"DROP DATABASE app; CREATE DATABASE app CHARACTER SET latin1 COLLATE latin1_german1_ci"))
    mysql.owner().clear()
    mysql.sql("CREATE TABLE probe (x INT); INSERT INTO probe SELECT 1 FROM information_schema.schemata "
              "WHERE schema_name = 'app' AND default_collation_name = 'latin1_german1_ci'")
    assert mysql.database().row_counts()["probe"] == 1


def test_a_volume_is_put_back_as_it_was(filled: Server, store: BackupStore, volume: str) -> None:
    made = back_up(filled, store, volumes={"uploads": volume})
    in_volume(filled, volume, "rm /v/file; mkdir -p /v/.late/one; echo x >/v/.late/one/two")
    replace_volume(filled.host, store, made, "uploads", volume, filled.container, "test/restore-volume")
    assert in_volume(filled, volume, "find /v -mindepth 1; cat /v/file") == "/v/file\ntide\n"


def test_a_volume_that_is_in_use_is_left_alone(filled: Server, store: BackupStore, volume: str) -> None:
    made = back_up(filled, store, volumes={"uploads": volume})
    image = filled.host.client.containers.get(filled.container).attrs["Image"]
    user = filled.host.client.containers.run(image, ["sleep", "60"], entrypoint=[], network="none", detach=True,
                                             volumes={volume: {"bind": "/v", "mode": "rw"}})
    try:
        with pytest.raises(EngineError, match=f"{user.name} uses it now"):
            replace_volume(filled.host, store, made, "uploads", volume, filled.container, "test/restore-volume")
    finally:
        user.remove(force=True)
    assert in_volume(filled, volume, "cat /v/file") == "tide\n"

"""A backup put back over what is there: real servers, a real volume."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.restoring import replace_database
from blocks.backups.volumes import (
    image_with_tools,
    put_beside,
    remove_beside,
    replace_volume,
    stands_beside,
)
from blocks.docker.host import DockerHost
from tests import images
from tests.in_container import printed_in
from tests.integration.backup_fixtures import back_up, back_up_volume, filled, store, volume
from tests.integration.data_servers import Server, build_image
from tidegate.errors import BackupError, EngineError
from tidegate.facts import Backup

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["filled", "store", "volume"]  # fixtures


def in_volume(host: DockerHost, volume: str, command: str) -> str:
    return printed_in(host, images.BASE, "sh", "-c", command, volumes={volume: "/v"})


@pytest.mark.crash_only("tests/integration/test_backups_prove.py: MariaDB comes back whole")
def test_what_was_written_since_is_gone_and_what_was_there_is_back(
    filled: Server, store: BackupStore
) -> None:
    made = back_up(filled, store)
    filled.sql(
        "DELETE FROM bills; INSERT INTO bills VALUES (9, 'late'); CREATE TABLE later (id INT)"
    )
    assert replace_database(store, made, "main", filled.owner()).tables == {
        "bills": 2,
        "empty_one": 0,
        "alembic_version": 1,
    }
    assert dict(filled.database().row_counts()) == {
        "bills": 2,
        "empty_one": 0,
        "alembic_version": 1,
    }


@pytest.mark.crash_only("tests/e2e/test_restore.py: a damaged backup")
def test_a_damaged_file_is_seen_before_anything_is_cleared(
    filled: Server, store: BackupStore
) -> None:
    made = back_up(filled, store)
    file = Path(made.path) / "main.sql.gz"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(BackupError, match="its sha256 is another"):
        replace_database(store, made, "main", filled.owner())
    assert filled.database().row_counts()["bills"] == 2


def test_a_database_that_the_backup_does_not_hold_is_not_cleared(
    filled: Server, store: BackupStore
) -> None:
    made = back_up(filled, store)
    with pytest.raises(BackupError, match=r"it has no other\.sql\.gz"):
        replace_database(store, made, "other", filled.owner())
    assert filled.database().row_counts()["bills"] == 2


def test_a_restored_database_keeps_its_character_set(mysql: Server, store: BackupStore) -> None:
    mysql.owner().restore(
        io.BytesIO(
            b"DROP DATABASE app; CREATE DATABASE app CHARACTER SET latin1 COLLATE latin1_german1_ci"
        )
    )
    made = back_up(mysql, store)
    replace_database(store, made, "main", mysql.owner())
    mysql.sql(
        "CREATE TABLE probe (x INT); INSERT INTO probe SELECT 1 FROM information_schema.schemata "
        "WHERE schema_name = 'app' AND default_collation_name = 'latin1_german1_ci'"
    )
    assert mysql.database().row_counts()["probe"] == 1


def put_back(host: DockerHost, store: BackupStore, made: Backup, volume: str) -> None:
    key = "test/restore-volume"
    put_beside(host, store, made, "uploads", volume, images.BASE, key)
    replace_volume(host, volume, images.BASE, key)
    replace_volume(host, volume, images.BASE, key)  # again, as after a kill
    remove_beside(host, volume)


def test_a_volume_is_put_back_as_it_was(host: DockerHost, store: BackupStore, volume: str) -> None:
    made = back_up_volume(host, store, volume)
    in_volume(host, volume, "rm /v/file; mkdir -p /v/.late/one; echo x >/v/.late/one/two")
    put_back(host, store, made, volume)
    assert in_volume(host, volume, "find /v -mindepth 1; cat /v/file") == "/v/file\ntide\n"
    assert not stands_beside(host, volume)


def test_a_stack_without_a_database_is_saved_and_put_back(
    host: DockerHost, store: BackupStore, volume: str
) -> None:
    made = back_up_volume(host, store, volume)
    assert (made.tables, made.schema_revision) == ({}, None)
    put_beside(host, store, made, "uploads", volume, images.BASE, "test/restore-volume")
    replace_volume(host, volume, images.BASE, "test/restore-volume")
    remove_beside(host, volume)


def test_files_keep_their_owners_modes_and_links(
    host: DockerHost, store: BackupStore, volume: str
) -> None:
    look = "cd /v; find . -exec stat -c '%n %F %u:%g %a %Y' {} + | sort; readlink link"
    in_volume(
        host,
        volume,
        "cd /v; mkdir a; echo x >a/b; chown -R 33:44 a; chmod 2750 a; ln -s a/b link; chown 33 .",
    )
    before = in_volume(host, volume, look)
    made = back_up_volume(host, store, volume)
    put_back(host, store, made, volume)
    assert in_volume(host, volume, look) == before


def test_a_volume_is_touched_only_when_its_archive_was_unpacked_beside(
    host: DockerHost, store: BackupStore, volume: str
) -> None:
    made = back_up_volume(host, store, volume)
    in_volume(host, volume, "echo late >/v/late")
    file = Path(made.path) / "uploads.tar.gz"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(BackupError, match="its sha256 is another"):
        put_beside(host, store, made, "uploads", volume, images.BASE, "test/restore-volume")
    assert in_volume(host, volume, "cat /v/late /v/file") == "late\ntide\n"


def test_an_image_without_a_shell_is_passed_over_and_one_is_asked_for(host: DockerHost) -> None:
    bare, key = (
        build_image(
            "tidegate-test/bare", {"Dockerfile": "FROM scratch\nLABEL of=bare\nCOPY Dockerfile /\n"}
        ),
        "test/restore-volume",
    )
    assert image_with_tools(host, [bare, images.BASE], key) == images.BASE
    with pytest.raises(EngineError, match="Add a base service whose image has them"):
        image_with_tools(host, ["tidegate-test/no-such-image", bare], key)


def test_a_volume_that_is_in_use_is_left_alone(
    host: DockerHost, store: BackupStore, volume: str
) -> None:
    made = back_up_volume(host, store, volume)
    user = host.client.containers.run(
        images.BASE,
        ["sleep", "60"],
        entrypoint=[],
        network="none",
        detach=True,
        volumes={volume: {"bind": "/v", "mode": "rw"}},
    )
    try:
        with pytest.raises(EngineError, match=f"{user.name} uses it now"):
            put_back(host, store, made, volume)
    finally:
        user.remove(force=True)
        remove_beside(host, volume)
    assert in_volume(host, volume, "cat /v/file") == "tide\n"

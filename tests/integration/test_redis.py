"""A Redis is saved by its own means while it is written to, proved, and put back without a
restart."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.kept import EngineBackups, EngineDatabaseCopies
from blocks.backups.making import make_backup
from blocks.backups.manifest import Part
from blocks.backups.restoring import (
    SavedDatabase,
    as_proved,
    refuse_little_room,
    replace_database,
    stand_beside,
)
from blocks.databases.engines import beside
from blocks.databases.sql_client import DATA
from blocks.docker.host import DockerHost
from tests.contracts.backups_contract import BackupsContract, KeptDatabase
from tests.contracts.database_contract import DatabaseContract
from tests.images import BASE
from tests.integration.backup_fixtures import NOON, store
from tests.integration.redis_servers import Server, redis_server
from tests.integration.saved_databases import BACKUP
from tidegate.errors import BackupError, CapacityError, ConfigError, DatabaseError
from tidegate.facts import Backup

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["store"]  # a fixture
EVERYTHING = """
local keys = redis.call('keys', '*'); table.sort(keys); local all = ''
for _, key in ipairs(keys) do all = all .. key .. redis.call('dump', key) .. redis.call('pttl', key) end
return redis.sha1hex(all)"""


def back_up(server: Server, store: BackupStore, backup: str = "b1") -> Backup:
    return make_backup(
        server.host,
        store,
        backup,
        f"test/{server.container}/backup",
        [server.at],
        volumes={},
        image=BASE,
        config={},
        since=NOON,
        now=lambda: NOON,
    )


def filled(server: Server) -> None:
    """Each kind of value, bytes that are no text, two databases, a function."""
    server.say("flushall")
    server.say("set", "潮", 'a "b"\n\t')
    server.say("eval", r"return redis.call('set', 'bytes\0\255', '\0\1\255')", "0")
    server.say("rpush", "list", "a", "b", "c")
    server.say("hset", "hash", "field", "1")
    server.say("sadd", "set", "1", "2")
    server.say("zadd", "sorted", "1.5", "one")
    server.say("xadd", "stream", "1-1", "field", "value")
    server.say("-n", "3", "set", "elsewhere", "1")
    server.say(
        "function",
        "load",
        "replace",
        "#!lua name=ours\nredis.register_function('f', function() return 7 end)",
    )


def everything(server: Server) -> list[str]:
    return [server.say("-n", number, "eval", EVERYTHING, "0") for number in ("0", "3")]


class TestRedis(DatabaseContract):
    @pytest.fixture
    def server(self, redis: Server) -> Server:
        return redis

    def test_keys_that_never_expire_are_counted_by_database(self, server: Server) -> None:
        filled(server)
        server.say("set", "soon gone", "1", "ex", "1000")
        server.say("-n", "5", "set", "gone too", "1", "ex", "1000")
        assert server.database().row_counts() == {"db0": 7, "db3": 1}
        assert server.database().data_size() > 100_000

    def test_it_has_no_schema_and_says_so(self, server: Server) -> None:
        assert server.database().schema_state().revision_tables == ()
        with pytest.raises(DatabaseError, match="answers no SQL"):
            server.database().count("SELECT 1")

    def test_a_password_that_nobody_names_is_asked_for(self, server: Server) -> None:
        spec = server.spec.model_copy(update={"password_key": None})
        unasked = Server(server.host, spec, server.container, server.environment)
        with pytest.raises(DatabaseError, match="it asks for a password"):
            unasked.database().row_counts()
        with pytest.raises(ConfigError, match="have REDIS_PASSWORD"):
            server.database(REDIS_PASSWORD="")


@pytest.mark.crash_only(
    "tests/integration/test_contracts.py: the same, of an SQL database",
    but=("test_a_copy_beside_touches_nothing_and_takes_the_place_once",),
)
class TestBackupsOfRedis(BackupsContract):
    @pytest.fixture
    def kept(self, redis: Server, tmp_path: Path) -> KeptDatabase:
        redis.say("flushall")
        redis.say("mset", "bill 1", "1", "bill 2", "1")
        store, bills = BackupStore(tmp_path), itertools.count(3)

        def pay() -> None:
            redis.say("set", f"bill {next(bills)}", "1")

        return KeptDatabase(
            EngineBackups(redis.host, store),
            EngineDatabaseCopies(redis.host, store),
            redis.database(),
            redis.at,
            BASE,
            pay,
            "db0",
        )


def test_every_kind_of_value_comes_back_in_every_database(
    redis: Server, store: BackupStore
) -> None:
    filled(redis)
    made, before = back_up(redis, store), everything(redis)
    assert made.tables == {"main.db0": 7, "main.db3": 1}
    assert sorted(file.name for file in Path(made.path).iterdir()) == [
        "config.json.gz",
        "main.rdb.gz",
        "manifest.json",
    ]
    redis.say("del", "list", "hash")
    redis.say("rpush", "later", "1")
    redis.say("-n", "5", "set", "later", "1")
    redis.say("function", "flush")
    assert replace_database(store, made, "main", redis.database()).tables == {"db0": 7, "db3": 1}
    assert everything(redis) == before
    assert redis.say("-n", "5", "dbsize") == "0"
    assert redis.say("fcall", "f", "0") == "7"
    redis.say("set", "it takes", "writes again")


@pytest.fixture(scope="module")
def put_back(redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Over what is in use a backup of it was put back. Nothing was written in between: the history
    in the file ends where that of the server ends."""
    filled(redis)
    store = BackupStore(tmp_path_factory.mktemp("backups"))
    replace_database(store, back_up(redis, store), "main", redis.database())
    return redis


def test_nothing_is_left_beside_and_no_second_server_runs(put_back: Server) -> None:
    assert (
        put_back.inside(
            "ls /data | grep tidegate; cat /proc/*/cmdline | tr '\\0' ' ' | grep -o ':[1]6399'"
        )
        == ""
    )
    assert "role:master" in put_back.say("info", "replication")


def test_a_copy_of_what_is_in_use_is_read_and_not_taken_for_its_own_past(put_back: Server) -> None:
    assert put_back.database().row_counts() == {"db0": 7, "db3": 1}


def test_a_key_that_expires_comes_back_with_its_end_and_is_gone_when_that_is_over(
    redis: Server, store: BackupStore
) -> None:
    redis.say("flushall")
    redis.say("set", "kept", "1")
    redis.say("set", "session", "1", "ex", "1000")
    redis.say("set", "moment", "1", "px", "3000")
    made = back_up(redis, store)
    assert made.tables == {"main.db0": 1}
    redis.say("del", "session")
    time.sleep(3)
    replace_database(store, made, "main", redis.database())
    assert 900 < int(redis.say("ttl", "session")) <= 1000
    assert redis.say("exists", "moment") == "0"


def test_it_is_saved_while_it_is_written_to(redis: Server, store: BackupStore) -> None:
    """Keys come and go, as those of a queue do: more at some moment than before and after."""
    filled(redis)
    redis.inside(
        "export REDISCLI_AUTH="
        + redis.environment["REDIS_PASSWORD"]
        + """
        (for n in $(seq 400); do redis-cli set queue:$n 1; sleep 0.01; redis-cli del queue:$n; done) >/dev/null 2>&1 &"""
    )
    assert back_up(redis, store).tables["main.db0"] in (7, 8)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--appendonly", "yes"),
        pytest.param(
            ("--save", "3600 1"), marks=pytest.mark.crash_only("without it: the next one")
        ),
        ("--save", ""),
    ],
)
def test_what_was_put_back_is_there_after_a_crash(
    host: DockerHost, store: BackupStore, arguments: tuple[str, ...]
) -> None:
    with redis_server(host, "--repl-diskless-sync-delay", "0", *arguments) as server:
        filled(server)
        made, before = back_up(server, store), everything(server)
        server.say("flushall")
        replace_database(store, made, "main", server.database())
        container = host.client.containers.get(server.container)
        container.kill()
        container.start()
        server.database().wait(20)
        assert everything(server) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--replicaof", "127.0.0.1", "1"), "is a replica of another server"),
        (("--masterauth", "x"), "as one of several servers has"),
        (("--cluster-enabled", "yes"), "is part of a cluster"),
    ],
)
def test_what_could_not_be_put_back_is_not_saved(
    host: DockerHost, store: BackupStore, arguments: tuple[str, ...], said: str
) -> None:
    with redis_server(host, *arguments) as server, pytest.raises(DatabaseError, match=said):
        back_up(server, store)
    assert store.backups() == []


def test_too_little_memory_or_disk_for_a_copy_is_said_before_it_is_made(
    host: DockerHost, store: BackupStore
) -> None:
    part = Part("main.rdb.gz", 1 << 60, "")
    with redis_server(host) as server:
        with pytest.raises(CapacityError, match="are free where it lies"):
            refuse_little_room(SavedDatabase(store, "b1", "main", {DATA: part}), server.database())
        container = host.client.containers.get(server.container)
        container.update(mem_limit=64 << 20, memswap_limit=64 << 20)
        room = server.database().room()
        assert room.free is not None
        assert 0 < room.taken < room.free < 64 << 20


def test_a_file_that_no_server_can_read_changes_nothing(redis: Server, store: BackupStore) -> None:
    filled(redis)
    before, dump = everything(redis), bytearray()

    class Kept:
        def write(self, data: bytes) -> None:
            dump.extend(data)

    redis.database().dump(Kept())  # type: ignore[arg-type]
    dump[len(dump) // 2] ^= 1

    def produce(into: BinaryIO) -> None:
        into.write(bytes(dump))

    saved = SavedDatabase(store, "b1", "main", {DATA: store.write("b1", "main.rdb.gz", produce)})
    with pytest.raises(BackupError, match=r"restoring the backup b1/main\.rdb\.gz"):
        stand_beside(saved, redis.database(), as_proved(saved, BACKUP))
    assert everything(redis) == before
    assert not beside(redis.database()).is_whole
    beside(redis.database()).remove()

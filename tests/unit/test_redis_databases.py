"""What a stack file says of a Redis, and what its answers mean, without a Redis."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from blocks.backups.folder import BackupStore
from blocks.backups.making import Dump, compare
from blocks.backups.manifest import Part
from blocks.backups.restoring import SavedDatabase, file_name
from blocks.databases.engines import login_keys
from blocks.databases.redis.answers import facts_in, kept_keys, seen, without_counts
from blocks.databases.scratch import environment_of_copy
from blocks.databases.seen import Seen
from blocks.databases.sql_client import DATA
from tests.unit.test_stackfile import HISTORY, SAMPLE, faults, written
from tidegate.errors import BackupError
from tidegate.proposal.look import Look
from tidegate.proposal.seen import redis_hints
from tidegate.stack.data import RedisServer
from tidegate.stack.file import load_stack

REDIS = {"engine": "redis", "name": "cache", "service": "redis"}


@pytest.fixture
def sample() -> Any:
    """A stack file with MySQL alone."""
    return yaml.safe_load(SAMPLE)


def test_a_redis_needs_no_more_than_its_service(tmp_path: Path, sample: Any) -> None:
    sample["databases"].append(REDIS)
    sample["state"]["databases"].append("cache")
    [_, redis] = load_stack(written(tmp_path, sample)).databases
    assert (redis.engine, redis.service, redis.password_key) == ("redis", "redis", None)
    assert login_keys(redis) == set()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"service": "backend"}, "databases: 'backend' is released and cannot hold state"),
        ({"client_image": "redis:7"}, "databases[1].client_image: unknown key"),
        ({"host_key": "REDIS_HOST"}, "databases[1].host_key: unknown key"),
        (
            {"engine": "mongodb"},
            'databases[1].engine: must be one of mysql, postgresql, redis (got "mongodb")',
        ),
        ({"engine": "mysql"}, "databases[1].user_key: is missing"),
    ],
)
def test_a_fault_of_it_is_named_by_its_path(
    tmp_path: Path, sample: Any, changed: dict[str, str], fault: str
) -> None:
    sample["databases"].append(REDIS | changed)
    sample["state"]["databases"].append("cache")
    assert faults(tmp_path, sample).split("; ")[0] == fault


def test_a_database_without_an_engine_is_named(tmp_path: Path, sample: Any) -> None:
    del sample["databases"][0]["engine"]
    assert faults(tmp_path, sample) == "databases[0].engine: is missing"


def test_a_redis_that_is_not_saved_is_not_declared(tmp_path: Path, sample: Any) -> None:
    sample["databases"].append(REDIS)
    assert faults(tmp_path, sample) == "state.databases: 'cache' is not saved"


def test_one_service_is_one_redis(tmp_path: Path, sample: Any) -> None:
    sample["databases"] += [REDIS, REDIS | {"name": "queue"}]
    sample["state"]["databases"] += ["cache", "queue"]
    assert faults(tmp_path, sample) == (
        "databases: two of them are the Redis of 'redis', which is saved as a whole"
    )


def test_a_redis_has_no_migrations(tmp_path: Path, sample: Any) -> None:
    sample["databases"].append(REDIS)
    sample["state"]["databases"].append("cache")
    sample["migrations"] = [HISTORY | {"database": "cache"}]
    assert faults(tmp_path, sample) == (
        "migrations: the database 'cache' is a Redis, which has no schema"
    )


def test_its_logins_are_asked_of_the_compose_files_and_a_copy_needs_none() -> None:
    spec = RedisServer(
        engine="redis", service="redis", port_key="PORT", user_key="USER", password_key="PASSWORD"
    )
    assert login_keys(spec) == {"PORT", "USER", "PASSWORD"}
    assert environment_of_copy(spec, {"PORT": "6380", "PASSWORD": "x"}) == {"PORT": "6379"}


LOOK = "rdb_changes_since_last_save:5\r\ndb0:keys=12,expires=2,avg_ttl=0\r\n"
ANSWER = "# Keyspace\r\ndb0:keys=12,expires=2,avg_ttl=0\r\ndb3:keys=4,expires=4,avg_ttl=9\r\n"


def test_keys_that_expire_are_not_counted() -> None:
    assert kept_keys(ANSWER) == {"db0": 10}
    assert kept_keys("# Keyspace\r\n") == {}


def test_what_was_counted_meanwhile_is_told_from_what_else_was_said() -> None:
    said = f"{LOOK}SYNC with master failed\n{LOOK.replace('12', '13').replace(':5', ':8')}"
    assert seen(said) == Seen([{"db0": 10}, {"db0": 11}], 3, lists_empty=False)
    assert seen(LOOK + LOOK.replace(":5", ":2") + LOOK).changes == 7 + 3
    assert without_counts(said) == "SYNC with master failed"


def test_lines_without_a_colon_are_no_facts() -> None:
    assert facts_in("# Memory\r\nused_memory:17\r\n\r\n") == {"used_memory": "17"}


@pytest.mark.parametrize("restored", [{"db0": 7}, {"db0": 9}, {"db0": 9, "db1": 1}])
def test_a_copy_has_as_many_keys_as_there_were_at_some_moment(restored: dict[str, int]) -> None:
    compare("b1", dump({"db0": 7}, {"db0": 9, "db1": 2}, {"db0": 8}), restored)


@pytest.mark.parametrize("restored", [{"db0": 6}, {"db0": 10}, {}, {"db0": 8, "db2": 1}])
def test_a_copy_with_other_numbers_does_not_count(restored: dict[str, int]) -> None:
    with pytest.raises(BackupError, match=r"in the source|is missing"):
        compare("b1", dump({"db0": 7}, {"db0": 9, "db1": 2}, {"db0": 8}), restored)


@pytest.mark.parametrize(
    ("restored", "too_few"),
    [
        ({"db0": 6}, "6 rows restored, 7 in the source"),
        ({"db0": 4}, "4 rows restored, 7 in the source, where 2 came or went"),
        ({"db0": 10}, "10 rows restored, 7 in the source, where 2 came or went"),
        ({"db0": 7, "db1": 3}, "db1: 3 rows restored, 0 in the source, where 2 came or went"),
    ],
)
def test_as_many_may_be_missing_or_more_as_came_or_went(
    restored: dict[str, int], too_few: str
) -> None:
    counts = {"db0": 7}, {"db0": 7}
    compare("b1", dump(*counts, changes=3), restored)
    with pytest.raises(BackupError, match=too_few):
        compare("b1", dump(*counts, changes=2 if "went" in too_few else 0), restored)


def test_what_is_in_a_database_for_moments_alone_may_be_in_the_copy_or_not() -> None:
    """A queue of which every job was done when it was counted."""
    compare("b1", dump({}, {}, changes=4), {"db0": 4})
    compare("b1", dump({"db0": 2}, {"db0": 2}, changes=2), {})
    with pytest.raises(BackupError, match="0 rows restored, 2 in the source"):
        compare("b1", dump({"db0": 2}, {"db0": 2}), {})


def dump(*counts: dict[str, int], changes: int = 0) -> Dump:
    part = Part(file_name("main", DATA, "rdb"), 1, "")
    saved = SavedDatabase(BackupStore(Path()), "b1", "main", {DATA: part})
    assert not saved.is_of_0_1
    return Dump(saved, Seen(counts, changes, lists_empty=False), None, 1)


@pytest.mark.parametrize(
    ("service", "line"),
    [
        (
            {"image": "${REDIS_IMAGE:-redis:7}", "volumes": ["data:/data"]},
            "#   - {name: my-store, engine: redis, service: My_Store}",
        ),
        (
            {
                "image": "redis:7",
                "volumes": ["data:/data"],
                "command": ["redis-server", "--requirepass", "${STORE_PASSWORD:?}"],
            },
            "#   - {name: my-store, engine: redis, service: My_Store, password_key: STORE_PASSWORD}",
        ),
        ({"image": "redis:7"}, None),
        ({"image": "memcached:1", "volumes": ["data:/data"]}, None),
    ],
)
def test_init_shows_how_to_save_a_redis_that_keeps_its_data(
    service: dict[str, Any], line: str | None
) -> None:
    look = SimpleNamespace(model={"services": {"My_Store": service}}, dockerfiles={})
    assert [*redis_hints(cast(Look, look), ["My_Store"])][2:] == ([line] if line else [])

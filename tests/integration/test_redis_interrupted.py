"""A restore of a Redis that is killed anywhere is finished by starting it again. `make crash` kills
it anywhere, `make test` at three places of each script."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.restoring import (
    as_proved,
    put_in_place,
    replace_database,
    saved_database,
    stand_beside,
)
from blocks.databases.engines import beside, open_redis
from blocks.databases.redis.scripts import STAND, SWAP
from blocks.databases.redis.server import Redis
from blocks.docker.host import DockerHost
from tests.extent import some_of
from tests.integration.backup_fixtures import store
from tests.integration.redis_servers import Server, redis_server
from tests.integration.test_redis import back_up, everything, filled
from tidegate.errors import DatabaseError
from tidegate.facts import Outcome

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["store"]  # a fixture


class KilledError(BaseException):
    """As a SIGKILL: nothing of ours runs after it."""


@dataclass
class Dying:
    """The real engine, until its script is killed after some of its lines, with all that it has
    started."""

    host: DockerHost
    script: str
    lines: int

    def execute(self, container: str, command: Sequence[str], **options: Any) -> Outcome:
        if command[2] != self.script:
            return self.host.execute(container, command, **options)
        begun = "".join(self.script.splitlines(keepends=True)[: self.lines])
        self.host.execute(container, [*command[:2], f"{begun}kill -9 0\n", *command[3:]], **options)
        raise KilledError

    def run(self, *arguments: Any, **options: Any) -> Outcome:
        return self.host.run(*arguments, **options)


def ends(script: str, *words: str) -> Iterator[int]:
    """After how many lines a script may be killed: before its own part, and whenever it has just
    come to the end of a whole command with one of `words`, by which something changes."""
    lines = script.splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if line.startswith("stop()"))
    yield first + 1
    for number in range(first + 2, len(lines) + 1):
        whole = subprocess.run(
            ["sh", "-n"],
            input="".join(lines[:number]).encode(),
            check=False,
            capture_output=True,
            timeout=9,
        )
        if whole.returncode == 0 and any(word in lines[number - 1] for word in words):
            yield number


@pytest.mark.crash_only("tests/integration/test_interrupted_restores.py: the same of MariaDB")
def test_killed_while_it_is_copied_it_starts_again_and_touches_nothing(
    redis: Server, store: BackupStore
) -> None:
    filled(redis)
    made = back_up(redis, store)
    saved = saved_database(store, made, "main", redis.database())
    compare = as_proved(saved, made)
    redis.say("set", "later", "1")
    before, places = everything(redis), some_of([*ends(STAND, "cat", "serve", "mv")])
    for lines in places:
        with pytest.raises(KilledError):
            stand_beside(saved, dying(redis, STAND, lines), compare)
        assert beside(redis.database()).is_whole is (lines == places[-1])
    assert stand_beside(saved, redis.database(), compare).tables == {"db0": 7, "db3": 1}
    assert everything(redis) == before
    beside(redis.database()).remove()


def test_killed_while_it_is_read_a_restore_ends_when_it_is_started_again(
    redis: Server, store: BackupStore
) -> None:
    filled(redis)
    made, proved = back_up(redis, store), everything(redis)
    saved = saved_database(store, made, "main", redis.database())
    compare, untouched = as_proved(saved, made), []
    places = some_of([*ends(SWAP, "old.rdb", "live replicaof", "until", "fi", "rm -f")])
    for lines in places:
        redis.say("set", "later", "1")
        present = everything(redis)
        stand_beside(saved, redis.database(), compare)
        with pytest.raises(KilledError):
            put_in_place(saved, dying(redis, SWAP, lines), compare)
        if beside(redis.database()).is_untouched:  # then people are let in again
            assert everything(redis) == present
            untouched.append(lines)
        put_in_place(saved, redis.database(), compare)
        assert everything(redis) == proved
        beside(redis.database()).remove_old()
    assert untouched == places[:1]
    assert redis.say("set", "it is", "written to") == "OK"


def dying(server: Server, script: str, lines: int) -> Redis:
    host = Dying(server.host, script, lines)
    return open_redis(host, server.spec, server.container, server.environment)


def test_a_script_that_outlives_its_process_is_ended_before_anybody_is_let_in(
    host: DockerHost, store: BackupStore
) -> None:
    with redis_server(host, "--repl-diskless-sync-delay", "0") as server:
        filled(server)
        made, proved = back_up(server, store), everything(server)
        saved = saved_database(store, made, "main", server.database())
        stand_beside(saved, server.database(), as_proved(saved, made))
        server.say("config", "set", "repl-diskless-sync-delay", "20")  # before the old one is kept
        outliving = threading.Thread(target=lambda: ended(server))
        outliving.start()
        while server.inside("cat /data/tidegate-beside/running") == "":
            time.sleep(0.1)
        assert beside(server.database()).is_untouched
        outliving.join(5)
        assert not outliving.is_alive()
        server.say("set", "later", "1")
        time.sleep(1)
        assert server.say("exists", "later") == "1"
        server.say("config", "set", "repl-diskless-sync-delay", "0")
        replace_database(store, made, "main", server.database())
        assert everything(server) == proved


def ended(server: Server) -> None:
    with pytest.raises(DatabaseError, match="replacing"):
        beside(server.database()).swap()

"""A Redis of the base is saved before each release, as the other databases of its stack are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.databases.engines import open_placed
from tasks.data.databases import placed, spec_of
from tasks.frame.environments import open_environment
from tests.e2e.in_process import edit_stack, engine, release_here
from tests.installation import SUFFIX, Installation, add_stack

PIER = f"pier{SUFFIX}"


@pytest.fixture(scope="module")
def pier(tidegate: Installation) -> Iterator[str]:
    add_stack(
        tidegate.settings,
        PIER,
        environments=("prod",),
        changes={
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 1,
            "smoke_repeat_seconds": 0,
        },
    )

    def declare(content: dict[str, list[object]]) -> None:
        content["databases"].append({"name": "queue", "engine": "redis", "service": "redis"})

    edit_stack(tidegate, PIER, declare)
    edit_stack(tidegate, PIER, lambda content: content["state"].update(databases=["main", "queue"]))
    yield PIER
    tidegate.retire(PIER)


@pytest.mark.crash_only("tests/flows/test_redis.py and tests/integration/test_redis.py: each half")
def test_its_keys_are_in_the_backup_that_a_release_makes(tidegate: Installation, pier: str) -> None:
    first = release_here(pier, "v1.0.0")
    assert first.is_completed(), first.message
    env = open_environment(pier, "prod", tidegate.settings)
    at = placed(env, spec_of(env, "queue"))
    said = engine(tidegate).execute(
        at.container, ["redis-cli", "-n", "7", "mset", "a", "1", "b", "1"]
    )
    assert said.stdout.strip() == "OK"
    second = release_here(pier, "v1.1.0")
    assert second.is_completed(), second.message
    newest = env.ledger.backups.verified(pier, "prod")[0].facts
    assert newest.tables["queue.db7"] == 2
    assert open_placed(engine(tidegate), at).row_counts()["db7"] == 2

"""Each question to a database starts a program in its container: dear in every release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.restoring import replace_database
from blocks.docker.host import DockerHost
from tests.integration.backup_fixtures import back_up, store
from tests.integration.data_servers import Server
from tests.integration.odd_databases import Odd
from tests.integration.saved_databases import emptied, run
from tidegate.facts import Outcome

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["store"]  # a fixture
MOST_FOR_A_BACKUP = {"mysql": 26, "postgresql": 17}
MOST_FOR_A_RESTORE = {"mysql": 14, "postgresql": 10}


class Counting:
    """The real engine, with the number of programs that it has started in containers."""

    def __init__(self, host: DockerHost) -> None:
        self.host, self.asked = host, 0

    def execute(self, *arguments: Any, **options: Any) -> Outcome:
        self.asked += 1
        return self.host.execute(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.host, name)


@pytest.fixture(
    params=[
        "mysql",
        pytest.param("postgresql", marks=pytest.mark.crash_only("the same of MariaDB")),
    ]
)
def small(request: pytest.FixtureRequest) -> Server:
    """A database of two tables."""
    server: Server = request.getfixturevalue(request.param)
    emptied(server, Odd("", {}))
    run(
        server,
        "CREATE TABLE bills (id INT); INSERT INTO bills VALUES (1), (2); "
        "CREATE TABLE alembic_version (version_num VARCHAR(32)); "
        "INSERT INTO alembic_version VALUES ('0001')",
    )
    return server


def test_a_small_database_is_saved_proved_and_put_back_with_few_questions(
    small: Server, store: BackupStore
) -> None:
    saving, putting = Counting(small.host), Counting(small.host)
    made = back_up(replace(small, host=cast(DockerHost, saving)), store)
    there = replace(small, host=cast(DockerHost, putting)).owner()
    assert replace_database(store, made, "main", there).tables == {"bills": 2, "alembic_version": 1}
    assert 0 < saving.asked <= MOST_FOR_A_BACKUP[small.spec.engine]
    assert 0 < putting.asked <= MOST_FOR_A_RESTORE[small.spec.engine]

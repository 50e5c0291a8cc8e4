"""A restore that is killed at any of its statements is finished by starting it again, and never loses a row."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from blocks.backup_making import save_database
from blocks.backup_restoring import Compare, SavedDatabase, as_proved, put_in_place, saved_database, stand_beside
from blocks.backups import BackupStore
from blocks.databases import SqlDatabase, beside, open_as_owner
from tests.integration.data_servers import Server
from tests.integration.odd_databases import Odd
from tests.integration.test_backups import back_up, store
from tests.integration.test_backups_prove import asked, emptied, run
from tidegate.facts import Backup, Outcome

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["store"]   # a fixture

MYSQL = """CREATE TABLE people (id INT PRIMARY KEY); CREATE TABLE bills (id INT PRIMARY KEY, person INT,
    CONSTRAINT whose FOREIGN KEY (person) REFERENCES people (id)); CREATE VIEW v AS SELECT id FROM bills;
    CREATE TRIGGER t BEFORE INSERT ON bills FOR EACH ROW SET NEW.person = 1;
    INSERT INTO people VALUES (1); INSERT INTO bills VALUES (1, 1)"""
EACH = 4
"""Every fourth statement: each start makes the copy from its beginning."""
CHANGES = re.compile(r"Dump completed|restrict")
"""In a line of a dump that is another one each time."""
SINCE = "INSERT INTO people VALUES (2); INSERT INTO bills VALUES (2, 2); CREATE TABLE later (id INT)"


class KilledError(BaseException):
    """As a SIGKILL: nothing of ours runs after it."""


@dataclass
class Dying:
    """The real engine, by which the real server is asked, until the process is killed after so many questions."""

    server: Server
    left: int

    def execute(self, *arguments: Any, **options: Any) -> Outcome:
        if self.left == 0:
            raise KilledError
        self.left -= 1
        return self.server.host.execute(*arguments, **options)

    def run(self, *arguments: Any, **options: Any) -> Outcome:
        return self.server.host.run(*arguments, **options)

    def database(self) -> SqlDatabase:
        return open_as_owner(self, self.server.spec, self.server.container, self.server.environment)


@pytest.fixture
def made(request: pytest.FixtureRequest, store: BackupStore) -> tuple[Server, Backup]:
    server: Server = request.getfixturevalue(request.param)
    emptied(server, Odd("", {}))
    run(server, MYSQL if request.param == "mysql" else "CREATE TABLE people (id INT); CREATE TABLE bills (id INT, person INT); "
        "INSERT INTO people VALUES (1); INSERT INTO bills VALUES (1, 1)")
    return server, back_up(server, store)


@pytest.mark.parametrize("made", ["mysql", "postgresql"], indirect=True)
def test_killed_after_each_of_its_statements_a_restore_ends_when_it_is_started_again(
        made: tuple[Server, Backup], store: BackupStore) -> None:
    """Each start comes one statement further than the one before, and finds what that one left."""
    server, backup = made
    saved = saved_database(store, backup, "main", server.owner())
    compare, killed = as_proved(saved, backup), 0
    run(server, SINCE)
    stand_beside(saved, server.owner(), compare)
    before, untouched = everything(server), 0
    while not ended(saved, Dying(server, killed), compare):
        if beside(server.owner()).is_untouched:   # then people are let in again
            assert everything(server) == before
            untouched += 1
        killed += 1
    assert killed > untouched > 0
    assert not beside(server.owner()).is_untouched
    beside(server.owner()).remove_old()
    assert not beside(server.owner()).is_untouched
    assert server.owner().row_counts() == {"people": 1, "bills": 1}
    if server.spec.engine == "mysql":
        run(server, "INSERT INTO bills (id) VALUES (3)")
        assert asked(server, "SELECT id, person FROM bills; SELECT id FROM v") == [["1", "1"], ["3", "1"], ["1"], ["3"]]


@pytest.mark.parametrize("made", ["mysql", "postgresql"], indirect=True)
def test_killed_while_a_copy_is_made_beside_it_starts_again_and_touches_nothing(
        made: tuple[Server, Backup], store: BackupStore) -> None:
    server, backup = made
    saved = saved_database(store, backup, "main", server.owner())
    compare, killed = as_proved(saved, backup), 0
    run(server, SINCE)
    before = everything(server)
    while not stands(saved, Dying(server, killed), compare):
        killed += EACH
    assert killed > EACH
    assert everything(server) == before
    assert beside(server.owner()).counts() == {"people": 1, "bills": 1}
    beside(server.owner()).remove()


def stands(saved: SavedDatabase, engine: Dying, compare: Compare) -> bool:
    try:
        stand_beside(saved, engine.database(), compare)
    except KilledError:
        return False
    return True


def everything(server: Server) -> str:
    """What the dumps have of the database in use."""
    dumped = io.BytesIO()
    for dump in server.owner().dumps().values():
        dump(dumped)
    return "\n".join(line for line in dumped.getvalue().decode().splitlines() if not CHANGES.search(line))


def ended(saved: SavedDatabase, engine: Dying, compare: Compare) -> bool:
    try:
        put_in_place(saved, engine.database(), compare)
    except KilledError:
        return False
    return True


def test_another_restore_first_ends_the_move_that_was_begun(mysql: Server, store: BackupStore) -> None:
    emptied(mysql, Odd("", {}))
    run(mysql, MYSQL)
    first = save_database(store, "b1", "main", mysql.owner()).saved
    run(mysql, SINCE)
    stand_beside(first, mysql.owner(), unseen)
    present = save_database(store, "b2", "main", mysql.owner()).saved
    tables, left = asked(mysql, COUNT), 0
    while asked(mysql, COUNT) == tables:   # until the tables have moved out
        left += 1
        with pytest.raises(KilledError):
            beside(Dying(mysql, left).database()).swap()
    beside(mysql.owner()).remove()   # never in the middle of a move
    stand_beside(present, mysql.owner(), unseen)
    assert mysql.owner().row_counts() == {"people": 1, "bills": 1}
    assert put_in_place(present, mysql.owner(), unseen) == {"people": 2, "bills": 2, "later": 0}


def unseen(rows: Mapping[str, int]) -> None:
    """Compares with nothing: the test does."""


COUNT = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'app'"

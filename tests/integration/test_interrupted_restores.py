"""A restore that is killed at any of its statements is finished by starting it again, and never
loses a row."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, BinaryIO

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.making import save_database
from blocks.backups.restoring import (
    Compare,
    SavedDatabase,
    as_proved,
    put_in_place,
    saved_database,
    stand_beside,
)
from blocks.databases.engines import SqlDatabase, beside, open_as_owner
from tests.integration.backup_fixtures import back_up, store
from tests.integration.data_servers import Server
from tests.integration.odd_databases import Odd
from tests.integration.saved_databases import asked, emptied, run, suppressed
from tidegate.errors import DatabaseError
from tidegate.facts import Backup, Outcome

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["store"]  # a fixture

MYSQL = """CREATE TABLE people (id INT PRIMARY KEY); CREATE TABLE bills (id INT PRIMARY KEY, person INT,
    CONSTRAINT whose FOREIGN KEY (person) REFERENCES people (id)); CREATE VIEW v AS SELECT id FROM bills;
    CREATE TRIGGER t BEFORE INSERT ON bills FOR EACH ROW SET NEW.person = 1;
    INSERT INTO people VALUES (1); INSERT INTO bills VALUES (1, 1)"""
EACH = 4
"""Every fourth statement: each start makes the copy from its beginning."""
BETWEEN = re.compile(rb"(?<=;\n)(?!SELECT 'tidegate|SET |USE |/\*!\d+ SET|--|\n)")
"""In a script: before each statement that may change something."""
CHANGES = re.compile(r"Dump completed|restrict")
"""In a line of a dump that is another one each time."""
NAMES = {
    "postgresql": "SELECT datname FROM pg_database ORDER BY 1",
    "mysql": """
    SELECT schema_name FROM information_schema.schemata ORDER BY 1;
    SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema LIKE 'app%' ORDER BY 1, 2;
    SELECT trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema LIKE 'app%' ORDER BY 1, 2""",
}
"""What the names on a server are: they differ after each statement of a swap."""
MOMENTS = {"postgresql": 2, "mysql": 10}
"""How often they change, and once before: both names are given in one transaction."""
SINCE = (
    "INSERT INTO people VALUES (2); INSERT INTO bills VALUES (2, 2); CREATE TABLE later (id INT)"
)


class KilledError(BaseException):
    """As a SIGKILL: nothing of ours runs after it."""


@dataclass
class Dying:
    """The real engine, by which the real server is asked, until the process is killed after so many
    statements.

    A client program in a container runs what it was given until then, as it does when the one who
    writes to it is killed.
    """

    server: Server
    left: int

    def execute(
        self,
        container: str,
        command: Sequence[str],
        *,
        stdin: BinaryIO | None = None,
        **options: Any,
    ) -> Outcome:
        statements = BETWEEN.split(stdin.read()) if stdin else []
        self.left -= max(len(statements), 1)
        given = statements[: self.left] if self.left < 0 else statements
        if given or self.left >= 0:
            outcome = self.server.host.execute(
                container, command, stdin=io.BytesIO(b"".join(given)) if stdin else None, **options
            )
        if self.left < 0:
            raise KilledError
        return outcome

    def run(self, *arguments: Any, **options: Any) -> Outcome:
        return self.server.host.run(*arguments, **options)

    def database(self) -> SqlDatabase:
        return open_as_owner(self, self.server.spec, self.server.container, self.server.environment)


IN_ONE_TRANSACTION = pytest.mark.crash_only("MariaDB, where a restore has more moments")
ENGINES = ["mysql", pytest.param("postgresql", marks=IN_ONE_TRANSACTION)]


@pytest.fixture
def made(request: pytest.FixtureRequest, store: BackupStore) -> tuple[Server, Backup]:
    server: Server = request.getfixturevalue(request.param)
    emptied(server, Odd("", {}))
    run(
        server,
        MYSQL
        if request.param == "mysql"
        else "CREATE TABLE people (id INT); CREATE TABLE bills (id INT, person INT); "
        "INSERT INTO people VALUES (1); INSERT INTO bills VALUES (1, 1)",
    )
    return server, back_up(server, store)


@pytest.mark.parametrize("made", ENGINES, indirect=True)
def test_killed_after_each_of_its_statements_a_restore_ends_when_it_is_started_again(
    made: tuple[Server, Backup], store: BackupStore
) -> None:
    """Each start finds what the one before left, and is killed as soon as it has changed something:
    no moment is left out."""
    server, backup = made
    saved = saved_database(store, backup, "main", server.owner())
    compare, lives = as_proved(saved, backup), 0
    run(server, SINCE)
    stand_beside(saved, server.owner(), compare)
    before, moments = everything(server), [asked(server, NAMES[server.spec.engine])]
    while not ended(saved, Dying(server, lives), compare):
        if beside(server.owner()).is_untouched:  # then people are let in again
            assert everything(server) == before
        names = asked(server, NAMES[server.spec.engine])
        if names in moments:
            lives += 1
        else:
            moments.append(names)
    assert len(moments) == MOMENTS[server.spec.engine]
    assert not beside(server.owner()).is_untouched
    beside(server.owner()).remove_old()
    assert not beside(server.owner()).is_untouched
    assert server.owner().row_counts() == {"people": 1, "bills": 1}
    if server.spec.engine == "mysql":
        run(server, "INSERT INTO bills (id) VALUES (3)")
        assert asked(server, "SELECT id, person FROM bills; SELECT id FROM v") == [
            ["1", "1"],
            ["3", "1"],
            ["1"],
            ["3"],
        ]


@pytest.mark.parametrize("made", ENGINES, indirect=True)
def test_killed_while_a_copy_is_made_beside_it_starts_again_and_touches_nothing(
    made: tuple[Server, Backup], store: BackupStore
) -> None:
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
    return "\n".join(
        line for line in dumped.getvalue().decode().splitlines() if not CHANGES.search(line)
    )


def ended(saved: SavedDatabase, engine: Dying, compare: Compare) -> bool:
    try:
        put_in_place(saved, engine.database(), compare)
    except KilledError:
        return False
    return True


def test_another_restore_first_ends_the_move_that_was_begun(
    mysql: Server, store: BackupStore
) -> None:
    emptied(mysql, Odd("", {}))
    run(mysql, MYSQL)
    first = save_database(store, "b1", "main", mysql.owner()).saved
    run(mysql, SINCE)
    stand_beside(first, mysql.owner(), unseen)
    present = save_database(store, "b2", "main", mysql.owner()).saved
    tables, left = asked(mysql, COUNT), 0
    while asked(mysql, COUNT) == tables:  # until the tables have moved out
        left += 1
        with pytest.raises(KilledError):
            beside(Dying(mysql, left).database()).swap()
    beside(mysql.owner()).remove()  # never in the middle of a move
    stand_beside(present, mysql.owner(), unseen)
    assert mysql.owner().row_counts() == {"people": 1, "bills": 1}
    assert put_in_place(present, mysql.owner(), unseen) == {"people": 2, "bills": 2, "later": 0}


def test_a_client_that_outlives_its_process_is_ended_before_the_move_goes_on(
    mysql: Server, store: BackupStore
) -> None:
    """It would drop what stands on the tables after the next start has made it."""
    emptied(mysql, Odd("", {}))
    run(mysql, MYSQL)
    saved = save_database(store, "b1", "main", mysql.owner()).saved
    stand_beside(saved, mysql.owner(), unseen)
    with ThreadPoolExecutor() as threads:
        threads.submit(suppressed, mysql, "START TRANSACTION; SELECT * FROM bills; DO SLEEP(60)")
        holder = until(
            mysql, "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"
        )
        outliving = threads.submit(beside(mysql.owner()).swap)
        until(mysql, WAITING)
        again = threads.submit(put_in_place, saved, mysql.owner(), unseen)
        with pytest.raises(DatabaseError):  # ended, though what it waits for is still held
            outliving.result()
        run(mysql, f"KILL {holder}")
        assert again.result() == {"people": 1, "bills": 1}
    run(mysql, "INSERT INTO bills (id) VALUES (3)")
    assert asked(mysql, "SELECT person FROM bills; SELECT id FROM v") == [
        ["1"],
        ["1"],
        ["1"],
        ["3"],
    ]


def until(server: Server, question: str) -> str:
    for _ in range(300):
        if found := asked(server, question):
            return found[0][0]
    raise AssertionError(question)


def unseen(rows: Mapping[str, int]) -> None:
    """Compares with nothing: the test does."""


WAITING = "SELECT id FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock%'"
COUNT = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'app'"

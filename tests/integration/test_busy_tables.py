"""A table in which rows come and go all the time, as jobs of a queue do, is saved like any other."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from blocks.backups.folder import BackupStore
from blocks.databases.seen import Seen
from blocks.databases.sql_client import DATA
from tests.integration.backup_fixtures import back_up, store
from tests.integration.data_servers import Server
from tidegate.errors import DatabaseError

pytest_plugins = ["tests.integration.data_fixtures"]
__all__ = ["store"]  # a fixture
TABLES = """DROP TABLE IF EXISTS jobs; DROP TABLE IF EXISTS people;
CREATE TABLE jobs (id INT PRIMARY KEY); CREATE TABLE people (id INT PRIMARY KEY);
INSERT INTO people VALUES (1), (2), (3);"""
QUEUED = "INSERT INTO jobs VALUES (1), (2), (3), (4);"
DONE = "DELETE FROM jobs;"
PAUSE = {"mysql": "DO SLEEP(0.01);", "postgresql": "DO $$BEGIN PERFORM pg_sleep(0.01); END$$;"}


@pytest.fixture(params=["mysql", "postgresql"])
def server(request: pytest.FixtureRequest) -> Server:
    made: Server = request.getfixturevalue(request.param)
    made.sql(TABLES)
    return made


@contextmanager
def queued_and_done(server: Server) -> Iterator[None]:
    """Over and over, until the block ends."""
    pause, over = PAUSE[server.spec.engine], threading.Event()
    once = f"{QUEUED}\n{pause}\n{DONE}\n{pause}\n"

    def work() -> None:
        while not over.is_set():
            server.sql(once * 20)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def rows_of(table: str, dump: str) -> int:
    copied = re.search(rf"COPY public\.{table} .*?;\n(.*?)\\\.", dump, re.DOTALL)
    if copied:
        return len(copied[1].split())
    inserted = re.search(rf"INSERT INTO `{table}` VALUES\s*(.*?);", dump, re.DOTALL)
    return inserted[1].count("(") if inserted else 0


def test_what_is_counted_explains_what_is_dumped(server: Server) -> None:
    """Of ten dumps some are made in the middle of a job, and others not."""
    found = set()
    with queued_and_done(server):
        for _ in range(10):
            into = io.BytesIO()
            seen = server.database().dumps()[DATA](into)
            assert isinstance(seen, Seen)
            dumped = rows_of("jobs", into.getvalue().decode())
            found.add(dumped)
            assert (seen.fault("jobs", dumped), seen.fault("people", 3)) == (None, None)
    assert found <= {0, 4}


def test_nothing_is_excused_where_nothing_is_written(server: Server) -> None:
    seen = server.database().dumps()[DATA](io.BytesIO())
    assert seen is not None
    assert seen.changes == 0
    assert seen.fault("people", 2) == "2 rows restored, 3 in the source"


def test_a_backup_of_it_counts(server: Server, store: BackupStore) -> None:
    with queued_and_done(server):
        made = back_up(server, store)
    assert made.tables["main.people"] == 3
    assert made.tables["main.jobs"] in (0, 4)


def test_a_dump_that_fails_says_what_its_program_said(postgresql: Server) -> None:
    """The clerk may count, and not read the sequence."""
    postgresql.sql(
        f"{TABLES} CREATE SEQUENCE numbers; CREATE ROLE clerk LOGIN PASSWORD 'c1erk';"
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk"
    )
    clerk = postgresql.database(POSTGRES_USER="clerk", POSTGRES_PASSWORD="c1erk")
    try:
        with pytest.raises(DatabaseError, match="permission denied for sequence numbers"):
            clerk.dumps()[DATA](io.BytesIO())
    finally:
        postgresql.sql("DROP SEQUENCE numbers; DROP OWNED BY clerk; DROP ROLE clerk")

"""A table in which rows come and go all the time, as jobs of a queue do, is saved like any
other."""

from __future__ import annotations

import io
import re
import threading
import time
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
MOST_SECONDS = 60
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
    """Some dumps are made in the middle of a job, and others not."""
    found, tries = set[int](), 0
    time.sleep(1.1)  # MariaDB knows by the second when a table was written
    with queued_and_done(server):
        while found != {0, 4}:
            tries += 1
            assert tries < 100, f"every dump has {found} jobs"
            into = io.BytesIO()
            seen = server.database().dumps()[DATA](into)
            assert isinstance(seen, Seen)
            dumped = rows_of("jobs", into.getvalue().decode())
            found.add(dumped)
            assert (seen.fault("jobs", dumped), seen.fault("people", 3)) == (None, None)
            assert seen.fault("people", 2) == "2 rows restored, 3 in the source"
            assert "in the source" in str(seen.fault("jobs", 400))


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


def test_who_waits_for_a_table_while_it_is_counted_does_not_stop_the_dump(
    postgresql: Server,
) -> None:
    """Neither waits for the other: the locks of the count are gone before pg_dump asks for its
    own."""
    postgresql.sql(
        f"{TABLES} DROP TABLE IF EXISTS many;"
        "CREATE TABLE many AS SELECT generate_series(1, 3000000) AS id;"
    )
    at_the_count = """DO $$BEGIN
      WHILE NOT EXISTS (SELECT FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND state = 'active' AND query LIKE 'SELECT ''%count(*)%')
      LOOP
        IF clock_timestamp() > now() + interval '50 s' THEN RAISE 'nothing was counted'; END IF;
        PERFORM pg_stat_clear_snapshot(); PERFORM pg_sleep(0.002);
      END LOOP; END$$;"""
    waiting = threading.Thread(
        target=postgresql.sql, args=(f"{at_the_count} TRUNCATE people;",), daemon=True
    )
    dumping = threading.Thread(target=postgresql.database().dumps()[DATA], args=(io.BytesIO(),))
    waiting.start()
    until_one_looks_out(postgresql)
    dumping.start()
    dumping.join(MOST_SECONDS)
    is_stuck = dumping.is_alive()
    if is_stuck:
        postgresql.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%TRUNCATE%' "
            "AND pid <> pg_backend_pid()"
        )
        dumping.join()
    waiting.join()
    postgresql.sql("DROP TABLE many")
    assert not is_stuck


def until_one_looks_out(server: Server) -> None:
    """For the count, which is over soon."""
    deadline, looking = time.monotonic() + 20, "state = 'active' AND query LIKE 'DO %'"
    while not server.owner().names(f"SELECT pid FROM pg_stat_activity WHERE {looking}"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


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

"""Databases of the tests of backups: filled, asked, saved whole or broken."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import digest_of
from blocks.backups.restoring import SavedDatabase, file_name
from blocks.databases.sql_client import CODE, DATA, GLOBALS
from tests.integration.backup_fixtures import NOON
from tests.integration.data_servers import Server
from tests.integration.odd_databases import Odd
from tidegate.errors import TidegateError
from tidegate.facts import Backup

BACKUP = Backup("b1", "b1", 1, "", None, {"main.bills": 1}, 1, 1, NOON, NOON)


def run(server: Server, sql: str) -> None:
    server.owner().restore(io.BytesIO(sql.encode()))


def asked(server: Server, sql: str) -> list[list[str]]:
    return server.owner().query("asking", sql)


def emptied(server: Server, odd: Odd) -> None:
    if server.spec.engine == "mysql":
        run(server, "SET foreign_key_checks = 0; DROP DATABASE app; CREATE DATABASE app")
    else:
        other = server.database(POSTGRES_DB="template1")
        other.restore(io.BytesIO(b"DROP DATABASE app WITH (FORCE); CREATE DATABASE app"))
    if odd.server_sql:
        run(server, odd.server_sql)


def sealed_by_0_1(store: BackupStore, server: Server, tables: dict[str, int]) -> Backup:
    def produce(into: BinaryIO) -> None:
        if server.spec.engine == "mysql":
            command = [
                "sh",
                "-c",
                "exec mariadb-dump -h127.0.0.1 -uroot --single-transaction --quick --routines --triggers "
                "--events --hex-blob --no-tablespaces app",
            ]
            secret = {"MYSQL_PWD": server.environment["MYSQL_ROOT_PASSWORD"]}
        else:
            command, secret = (
                ["sh", "-c", "exec pg_dump -h$(hostname) -Uapp app"],
                {"PGPASSWORD": server.environment["POSTGRES_PASSWORD"]},
            )
        assert (
            server.host.execute(
                server.container, command, environment=secret, stdout=into
            ).exit_code
            == 0
        )

    part = store.write("b0", "main.sql.gz", produce)
    made = replace(
        BACKUP,
        id="b0",
        path=str(store.folder / "b0"),
        size=part.size,
        sha256=digest_of([part]),
        tables=tables,
    )
    store.seal(made, [part])
    return made


def broken(store: BackupStore, server: Server, statement: str) -> SavedDatabase:
    """A backup with a table of one row, and then `statement`."""
    marks = server.owner().end_marks
    dump = (
        b"CREATE TABLE bills (id INT); INSERT INTO bills VALUES (1); "
        + statement.encode()
        + b";\n"
        + marks[DATA]
    )
    contents = {
        kind: dump if kind == DATA else marks[kind] if kind == CODE else globals_of(server)
        for kind in marks
    }
    parts = {
        kind: store.write(
            server.spec.engine, file_name("main", kind, "sql"), partial(_write, content)
        )
        for kind, content in contents.items()
    }
    return SavedDatabase(store, server.spec.engine, "main", parts)


def _write(content: bytes, into: BinaryIO) -> None:
    into.write(content)


def globals_of(server: Server) -> bytes:
    script = io.BytesIO()
    server.owner().dumps()[GLOBALS](script)
    return script.getvalue()


def suppressed(server: Server, sql: str) -> None:
    with contextlib.suppress(TidegateError):
        run(server, sql)

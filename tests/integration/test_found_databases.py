"""Databases that a pattern finds, on real servers: names of every kind, gone and come back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.kept import EngineBackups, EngineDatabaseCopies
from blocks.databases.engines import EngineDatabases, SqlDatabase, open_placed
from tests.contracts.found_databases_contract import TENANTS, FoundDatabasesContract, Tenants
from tests.images import BASE
from tests.integration.data_servers import Server
from tidegate.backups.saved import PlacedDatabase
from tidegate.stack.data import Database

pytest_plugins = ["tests.integration.data_fixtures"]


def tenants_on(
    server: Server, folder: Path, drop: str, quote: Callable[[str], str], names: list[str]
) -> Tenants:
    """Whatever an earlier test has left is dropped."""
    spec = Database.model_validate(
        {**server.spec.model_dump(), "name": "tenants", "database_key": None, "pattern": "ten*"}
    )
    at = PlacedDatabase(spec, server.container, server.environment)

    def run(name: str | None, sql: str) -> None:
        owner = server.owner()
        database: SqlDatabase = owner
        if name is not None:
            found = open_placed(server.host, made.named(name))
            assert isinstance(found, type(owner))
            database = found
        database.restore(io.BytesIO(sql.encode()))

    def make(name: str, bills: int) -> None:
        run(None, f"CREATE DATABASE {quote(name)}")
        run(name, "CREATE TABLE bills (id INT); " + "INSERT INTO bills VALUES (1); " * bills)

    store = BackupStore(folder)
    made = Tenants(
        EngineDatabases(server.host),
        EngineBackups(server.host, store),
        EngineDatabaseCopies(server.host, store),
        at,
        BASE,
        make,
        lambda name: run(None, drop.format(quote(name))),
        lambda name: run(name, "INSERT INTO bills VALUES (9)"),
        "app",
    )
    for name in {*made.names(), *names} - {"app"}:
        made.drop(name)
    for name, bills in TENANTS.items():
        make(name, bills)
    return made


class TestPostgreSQL(FoundDatabasesContract):
    @pytest.fixture
    def tenants(self, postgresql: Server, tmp_path: Path) -> Tenants:
        names = [
            name
            for name in postgresql.owner().names("SELECT datname FROM pg_database")
            if "tidegate" in name
        ]
        return tenants_on(
            postgresql,
            tmp_path,
            "DROP DATABASE {} WITH (FORCE)",
            lambda name: '"' + name.replace('"', '""') + '"',
            names,
        )


@pytest.mark.crash_only(
    "TestPostgreSQL: the same names",
    but=("test_each_comes_back_where_it_is_and_where_it_was_dropped",),
)
class TestMySQL(FoundDatabasesContract):
    @pytest.fixture
    def tenants(self, mysql: Server, tmp_path: Path) -> Tenants:
        names = [
            name
            for name in mysql.owner().names("SELECT schema_name FROM information_schema.schemata")
            if "tidegate" in name
        ]
        return tenants_on(
            mysql,
            tmp_path,
            "DROP DATABASE {}",
            lambda name: "`" + name.replace("`", "``") + "`",
            names,
        )

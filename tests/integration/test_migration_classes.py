"""The classes of the catalogue on real servers: the old code's statements run on the new schema,
the way back on data that were written in between. One server of each kind, one database that is
made anew for each revision."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy.exc import DBAPIError

from tests.integration.data_servers import Server
from tests.migrations import CATALOGUE
from tests.migrations.cases import FILLED, Case
from tidegate.facts import MigrationClass, Revision
from tidegate.schema.changes import RevisionSource, classify
from tidegate.schema.migration_sql import Engine

pytest_plugins = ["tests.integration.data_fixtures"]

OF_BILLS = "id, note, n, state, price, code, user_id"
BEGIN: dict[Engine, tuple[str, ...]] = {
    "mysql": (
        "DROP DATABASE IF EXISTS shop",
        "CREATE DATABASE shop",
        "USE shop",
        "SET SESSION foreign_key_checks = 1",
    ),
    "postgresql": (
        "DROP SCHEMA IF EXISTS shop, elsewhere, extra_schema CASCADE",
        "CREATE SCHEMA shop",
        "CREATE SCHEMA elsewhere",
        "CREATE TYPE bill_state AS ENUM ('new', 'paid')",
    ),
}
WORDS: dict[Engine, dict[str, str]] = {
    "mysql": {"id": "INT AUTO_INCREMENT PRIMARY KEY", "state": "ENUM('new', 'paid')"},
    "postgresql": {"id": "SERIAL PRIMARY KEY", "state": "bill_state"},
}
TABLES = (
    "CREATE TABLE users (id {id}, name VARCHAR(20) NOT NULL)",
    "CREATE TABLE referred (id INT PRIMARY KEY)",
    "CREATE TABLE bills (id {id}, note VARCHAR(20), n INT NOT NULL DEFAULT 0, state {state} NOT NULL DEFAULT 'new', "
    "price NUMERIC(10, 2), code VARCHAR(20), user_id INT, CONSTRAINT u_code UNIQUE (code), "
    "CONSTRAINT c_price CHECK (price >= 0), CONSTRAINT f_user FOREIGN KEY (user_id) REFERENCES users (id))",
    "CREATE INDEX ix_price ON bills (price)",
    "CREATE VIEW owed AS SELECT id, user_id FROM bills",
    "INSERT INTO users (name) VALUES ('a'), ('b')",
    "INSERT INTO bills (note, n, state, price, code, user_id) VALUES ('one', 1, 'new', 1.55, 'c1', 1), "
    "('two', 2, 'paid', 2.50, 'c2', NULL), (NULL, 3, 'new', NULL, 'c3', NULL)",
)
OWN: dict[Engine, tuple[str, ...]] = {
    "mysql": (
        "CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), "
        "PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "CREATE FUNCTION purge_old_rows() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM bills WHERE id = 2; RETURN 1; END",
        "CREATE PROCEDURE tidy() DELETE FROM bills WHERE id = 2",
    ),
    "postgresql": (
        "CREATE TABLE parts (id INT) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE parts_1 PARTITION OF parts DEFAULT",
        "CREATE FUNCTION purge_old_rows() RETURNS INT LANGUAGE sql AS 'DELETE FROM bills WHERE id = 2; SELECT 1'",
        "CREATE FUNCTION shop.lower(INT) RETURNS INT LANGUAGE sql AS 'DELETE FROM bills WHERE id = 2; SELECT 1'",
        "CREATE PROCEDURE tidy() LANGUAGE sql AS 'DELETE FROM bills WHERE id = 2'",
    ),
}
ROWS = ("INSERT INTO parts VALUES (1), (20)",)
SEEN = (
    f"SELECT {OF_BILLS} FROM bills WHERE id <= 3 ORDER BY id",
    "SELECT id, name FROM users WHERE id <= 2 ORDER BY id",
    "SELECT id FROM parts ORDER BY id",
)
"""What is in the database before the upgrade."""
UPSERT: dict[Engine, str] = {
    "mysql": "INSERT INTO bills (code, note) VALUES ('c1', 'one') ON DUPLICATE KEY UPDATE note = 'one'",
    "postgresql": "INSERT INTO bills (code, note) VALUES ('c1', 'one') ON CONFLICT (code) DO UPDATE SET note = 'one'",
}
CLEAN = "DELETE FROM bills WHERE code LIKE 'o%' OR note = 'old' OR id > 3"


def old_code(engine: Engine) -> tuple[tuple[str, object], ...]:
    """What the old version says, and what it is answered where that matters to it."""
    return (
        (CLEAN, None),
        ("INSERT INTO bills (note) VALUES ('old')", None),
        (
            "INSERT INTO bills (note, n, state, price, code, user_id) VALUES (NULL, 7, 'paid', 12345678.91, 'o2', 1)",
            None,
        ),
        (
            "INSERT INTO bills (note, n, code) VALUES ('double', -5, 'o3'), ('double', 2147483647, 'o4')",
            None,
        ),
        ("UPDATE bills SET note = 'twenty characters 20', state = 'paid' WHERE code = 'o3'", None),
        (f"SELECT {OF_BILLS} FROM bills WHERE state = 'new'", None),
        ("SELECT id, user_id FROM owed", None),
        (UPSERT[engine], None),
        ("SELECT COUNT(*) FROM bills WHERE code = 'c1'", [(1,)]),
        ("INSERT INTO users (name) VALUES ('old')", None),
        ("INSERT INTO parts VALUES (5)", None),
        ("DELETE FROM parts WHERE id = 5", None),
        (CLEAN, None),
    )


@dataclass
class Shop:
    """One server, with the database of an application on it."""

    engine: Engine
    connection: sa.Connection = field(repr=False)

    def make_anew(self) -> None:
        words = WORDS[self.engine]
        for sql in (
            *BEGIN[self.engine],
            *(
                table.replace("{id}", words["id"]).replace("{state}", words["state"])
                for table in TABLES
            ),
            *OWN[self.engine],
            *ROWS,
        ):
            self.ask(sql)

    def ask(self, sql: str) -> Sequence[tuple[Any, ...]]:
        result = self.connection.exec_driver_sql(sql)
        found = [tuple(row) for row in result] if result.returns_rows else []
        self.connection.commit()
        return found

    def answer(self, sql: str) -> object:
        """Or the error: that is an answer too."""
        try:
            return self.ask(sql)
        except DBAPIError as error:
            self.connection.rollback()
            return str(error.orig)

    def seen(self) -> list[object]:
        return [self.answer(sql) for sql in SEEN]

    def trips(self) -> str:
        """What the old code does not get, or nothing."""
        for sql, expected in old_code(self.engine):
            found = self.answer(sql)
            if isinstance(found, str) or (expected is not None and found != expected):
                return f"{sql}: {found}"
        return ""

    def move(self, case: Case, direction: str) -> str:
        """Run one direction of the revision by Alembic, on the connection. Its error, or
        nothing."""
        names: dict[str, Any] = {}
        exec(compile(case.source, case.name, "exec"), names)
        with EnvironmentContext(Config(), None):  # type: ignore[arg-type]
            context = MigrationContext.configure(self.connection)
            try:
                with Operations.context(context), context.begin_transaction():
                    names[direction]()
            except (DBAPIError, NotImplementedError) as error:
                self.connection.rollback()
                return str(error)
        self.connection.commit()
        return ""

    def upgrade(self, case: Case) -> None:
        assert self.move(case, "upgrade") == ""

    def write(self, case: Case) -> None:
        for sql in case.between:
            self.ask(sql)


@contextmanager
def shop(server: Server, engine: Engine) -> Iterator[Shop]:
    if engine == "mysql":
        server.owner().restore(io.BytesIO(b"CREATE DATABASE shop"))
    networks = server.host.client.containers.get(server.container).attrs["NetworkSettings"][
        "Networks"
    ]
    place = networks[server.network]["IPAddress"]
    url = (
        f"mysql+pymysql://root:{server.environment['MYSQL_ROOT_PASSWORD']}@{place}/shop"
        if engine == "mysql"
        else (
            f"postgresql+psycopg://app:{server.environment['POSTGRES_PASSWORD']}@{place}/app?options=-csearch_path%3Dshop"
        )
    )
    unprepared = (
        {"prepare_threshold": None} if engine == "postgresql" else {}
    )  # as after a reconnect
    made = sa.create_engine(url, poolclass=sa.NullPool, connect_args=unprepared)
    with made.connect() as connection:
        connection.execution_options(no_parameters=True)
        yield Shop(engine, connection)


@pytest.fixture(scope="module")
def shops(mysql: Server, postgresql: Server) -> Iterator[dict[Engine, Shop]]:
    with shop(mysql, "mysql") as one, shop(postgresql, "postgresql") as other:
        yield {"mysql": one, "postgresql": other}


def cases(*kinds: MigrationClass, asked: bool = False) -> pytest.MarkDecorator:
    found = [
        (case, engine)
        for case in CATALOGUE
        if case.kind in kinds and case.is_asked is asked
        for engine in case.engines
    ]
    return pytest.mark.parametrize(
        ("case", "engine"), found, ids=[f"{case.name}-{engine}" for case, engine in found]
    )


def begin(
    shops: dict[Engine, Shop], case: Case, engine: Engine
) -> tuple[Shop, list[object], Revision]:
    made = shops[engine]
    made.make_anew()
    [revision] = classify([RevisionSource("0002", case.name, case.source)], engine, FILLED)
    assert (revision.kind, bool(revision.fits)) == (case.kind, case.is_asked), revision.reasons
    return made, made.seen(), revision


@cases("additive")
def test_old_code_works_on_what_is_called_additive(
    shops: dict[Engine, Shop], case: Case, engine: Engine
) -> None:
    shop, before, _ = begin(shops, case, engine)
    shop.upgrade(case)
    assert shop.seen() == before
    shop.write(case)
    assert shop.trips() == ""


@cases("needs downgrade")
def test_old_code_trips_over_what_needs_a_downgrade_which_loses_nothing(
    shops: dict[Engine, Shop], case: Case, engine: Engine
) -> None:
    shop, before, _ = begin(shops, case, engine)
    shop.upgrade(case)
    assert shop.trips()
    shop.write(case)
    assert shop.move(case, "downgrade") == ""
    assert shop.seen() == before
    assert shop.trips() == ""


@cases("lossy")
def test_the_way_back_over_what_is_called_lossy_does_not_bring_everything_back(
    shops: dict[Engine, Shop], case: Case, engine: Engine
) -> None:
    shop, before, _ = begin(shops, case, engine)
    shop.upgrade(case)
    shop.write(case)
    written = shop.answer(case.lost) if case.lost else before
    shop.move(case, "downgrade")
    assert (shop.answer(case.lost) if case.lost else shop.seen()) != written


@cases("lossy", asked=True)
def test_the_data_say_whether_the_way_back_loses_something(
    shops: dict[Engine, Shop], case: Case, engine: Engine
) -> None:
    shop, before, revision = begin(shops, case, engine)
    shop.upgrade(case)
    assert [shop.ask(fit.misfits) for fit in revision.fits] == [[(0,)]] * len(revision.fits)
    assert shop.move(case, "downgrade") == ""
    assert shop.seen() == before
    shop.upgrade(case)
    assert shop.trips()
    shop.write(case)
    assert [(1,)] in [shop.ask(fit.misfits) for fit in revision.fits]


@cases("irreversible")
def test_no_downgrade_helps_where_a_revision_is_called_irreversible(
    shops: dict[Engine, Shop], case: Case, engine: Engine
) -> None:
    shop, before, _ = begin(shops, case, engine)
    shop.upgrade(case)
    assert shop.move(case, "downgrade") or shop.trips() or shop.seen() != before


def test_the_catalogue_holds_at_least_eighty_revisions() -> None:
    assert len({case.source for case in CATALOGUE}) >= 80

"""The database adapters against real servers."""

from __future__ import annotations

import io
from typing import BinaryIO

import pytest

from blocks.databases.engines import SqlDatabase, open_database
from blocks.databases.sql_client import CODE, DATA
from tests import images
from tests.contracts.database_contract import SqlContract
from tests.integration.data_servers import MYSQL, Server
from tidegate.errors import ConfigError, DatabaseError

pytest_plugins = ["tests.integration.data_fixtures"]


def dumped_code(database: SqlDatabase, into: BinaryIO) -> None:
    database.dumps()[CODE](into)


class TestMySQL(SqlContract):
    @pytest.fixture
    def server(self, mysql: Server) -> Server:
        return mysql

    def test_triggers_routines_events_and_views_are_in_the_dump(self, server: Server) -> None:
        server.sql("""DROP TABLE IF EXISTS t; CREATE TABLE t (n INT); CREATE OR REPLACE VIEW tv AS SELECT n FROM t;
            CREATE TRIGGER tt BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n + 1; CREATE PROCEDURE tp() SELECT 1;
            CREATE EVENT te ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;""")
        dump = io.BytesIO()
        dumped_code(server.owner(), dump)
        server.sql("DROP EVENT te; DROP PROCEDURE tp; DROP VIEW tv; DROP TABLE t")
        text = dump.getvalue().decode()
        assert [
            part
            for part in ("TRIGGER tt", "PROCEDURE `tp`", "EVENT `te`", "VIEW `tv`")
            if part not in text
        ] == []

    def test_columns_that_fill_themselves_are_named(self, server: Server) -> None:
        server.sql(
            "CREATE TABLE filled (id INT AUTO_INCREMENT PRIMARY KEY, Plain INT, Empty INT DEFAULT NULL, "
            "Named VARCHAR(9) DEFAULT 'x', Made DATETIME DEFAULT CURRENT_TIMESTAMP)"
        )
        state = server.database().schema_state()
        server.sql("DROP TABLE filled")
        assert {column for table, column in state.filled if table == "filled"} == {
            "id",
            "named",
            "made",
        }

    def test_the_application_s_own_user_can_make_the_dump(self, server: Server) -> None:
        dump = io.BytesIO()
        server.database().dumps()[DATA](dump)
        assert b"-- Dump completed" in dump.getvalue()

    def test_a_user_who_may_not_see_everything_fails_the_dump(self, server: Server) -> None:
        server.owner().restore(
            io.BytesIO(
                b"CREATE USER narrow@'%' IDENTIFIED BY 'n4rrow';"
                b"GRANT SELECT, SHOW VIEW ON app.* TO narrow@'%'"
            )
        )
        with pytest.raises(DatabaseError, match="may not use this database"):
            dumped_code(server.database(MYSQL_USER="narrow", MYSQL_PASSWORD="n4rrow"), io.BytesIO())

    def test_a_container_that_is_stopped_is_a_database_error(self, server: Server) -> None:
        container = server.host.client.containers.create(images.BASE, ["true"], network="none")
        try:
            with pytest.raises(DatabaseError, match="not running"):
                open_database(server.host, MYSQL, str(container.id), server.environment).ping()
        finally:
            container.remove(force=True)

    def test_an_image_without_client_programs_is_named(self, server: Server) -> None:
        run = ["sh", "-c", "rm -f /usr/bin/mariadb* /usr/bin/mysql*; sleep 60"]
        containers = server.host.client.containers
        container = containers.run(
            images.MYSQL, run, entrypoint=[], network="none", detach=True, init=True
        )
        try:
            container.exec_run(["sh", "-c", "while [ -e /usr/bin/mysql ]; do sleep 0.1; done"])
            with pytest.raises(DatabaseError, match="no MySQL client programs"):
                open_database(server.host, MYSQL, str(container.id), server.environment).ping()
        finally:
            container.remove(force=True)


class TestPostgreSQL(SqlContract):
    @pytest.fixture
    def server(self, postgresql: Server) -> Server:
        return postgresql

    def test_a_history_in_another_schema_is_found(self, server: Server) -> None:
        server.sql(
            "CREATE SCHEMA meta; CREATE TABLE meta.alembic_version (version_num VARCHAR(32)); "
            "INSERT INTO meta.alembic_version VALUES ('0007')"
        )
        state, revision = server.database().schema_state(), server.database().revision()
        server.sql("DROP SCHEMA meta CASCADE")
        [table] = state.revision_tables
        assert (table.schema, table.revisions, state.default_schema) == (
            "meta",
            ("0007",),
            "public",
        )
        assert state.named("alembic_version") is None
        assert revision == "0007"


@pytest.mark.parametrize("key", ["MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE"])
def test_a_key_that_the_env_file_lacks_is_named(mysql: Server, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        mysql.database(**{key: ""})

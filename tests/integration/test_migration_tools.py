"""Every migration tool keeps one contract, on real servers and with real images."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from blocks.docker.host import KEY_LABEL, DockerHost
from blocks.docker.image_files import EngineImageFiles
from blocks.migrators.tools import EngineMigrations
from tests.contracts.migrator_contract import MigratorContract, Moved, Version
from tests.images import BASE
from tests.integration import histories
from tests.integration.data_servers import Server, build_image
from tests.integration.tool_histories import FIRST, SECOND, django_image, migration, steps_image
from tidegate.errors import DatabaseError, EngineError, MigrationError
from tidegate.stack.migrations import AlembicMigration, CommandMigration, DjangoMigration, Migration
from tidegate.stack.stand_ins import stand_ins

pytest_plugins = ["tests.integration.data_fixtures"]

SPEC: dict[str, Any] = {
    "service": "web",
    "database": "main",
    "directory": "/app",
    "lock_timeout_seconds": 1,
}
DJANGO = DjangoMigration(**SPEC, tool="django")
ALEMBIC = AlembicMigration(**SPEC, tool="alembic")
COMMAND = CommandMigration(
    **SPEC,
    tool="command",
    state="SELECT name FROM steps ORDER BY id",
    has=("python", "tool", "list"),
    up=("python", "tool", "up"),
    down=("python", "tool", "down", "{name}"),
    sql=("python", "tool", "sql", "{name}"),
    sql_down=("python", "tool", "sql-down", "{name}"),
)
HERE = {"mysql": "DATABASE()", "postgresql": "current_schema()"}
EMPTY = {
    "mysql": b"DROP DATABASE app; CREATE DATABASE app",
    "postgresql": b"DROP SCHEMA public CASCADE; CREATE SCHEMA public",
}


@dataclass
class Images:
    """Made once for all tests, by name."""

    host: DockerHost
    made: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, make: Callable[[str], str]) -> str:
        tag = f"tidegate-test/moved:{name}"
        if name not in self.made:
            self.made[name] = tag
            make(tag)
        return tag


@pytest.fixture(scope="module")
def images(host: DockerHost) -> Iterator[Images]:
    made = Images(host)
    yield made
    for tag in made.made.values():
        host.client.images.remove(tag, force=True)


def version(spec: Migration, server: Server, image: str) -> Version:
    tools = EngineMigrations(server.host, EngineImageFiles(server.host))
    host_key = "MYSQL_HOST" if server.spec.engine == "mysql" else "POSTGRES_HOST"
    environment = {
        host_key: server.spec.service or "",
        "SECRET_KEY": "k" * 50,
        **server.environment,
    }
    return Version(
        tools.history(
            spec,
            server.spec,
            image=image,
            stand_ins=stand_ins(environment, ()),
            key=f"test/{image}/plan",
        ),
        tools.migrator(
            spec,
            server.spec,
            image=image,
            environment=environment,
            networks=(server.network,),
            volumes={},
            key=f"test/{image}/migrate",
            server=server.database(),
        ),
    )


def moved(spec: Migration, server: Server, older: str, newer: str) -> Moved:
    tools = EngineMigrations(server.host, EngineImageFiles(server.host))
    columns = (
        "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns "
        f"WHERE table_schema = {HERE[server.spec.engine]} ORDER BY 1"
    )
    return Moved(
        version(spec, server, older),
        version(spec, server, newer),
        lambda: tools.state(spec, server.spec, server.database()),
        lambda: server.database().names(columns),
    )


def emptied(server: Server) -> Server:
    server.owner().restore(io.BytesIO(EMPTY[server.spec.engine]))
    return server


@pytest.mark.crash_only("tests/integration/test_migrator.py")
class TestAlembic(MigratorContract):
    @pytest.fixture
    def moved(self, mysql: Server, images: Images) -> Moved:
        def make(*revisions: str) -> Callable[[str], str]:
            histories.build_tool_image()
            files: dict[str, str | bytes] = {
                f"migrations/versions/{place}.py": text for place, text in enumerate(revisions)
            }
            return lambda tag: build_image(
                tag,
                {
                    "Dockerfile": f"FROM {histories.TOOL_IMAGE}\nCOPY . /app\n",
                    "alembic.ini": histories.INI,
                    "migrations/env.py": histories.ENV,
                    **files,
                },
            )

        rename = [
            f"op.alter_column('bills', '{old}', new_column_name='{new}', existing_type=sa.String(20))"
            for old, new in (("note", "remark"), ("remark", "note"))
        ]
        second = histories.revision("0002", "0001", *rename)
        return moved(
            ALEMBIC,
            emptied(mysql),
            images.of("alembic1", make(histories.BILLS)),
            images.of("alembic2", make(histories.BILLS, second)),
        )


def of_django(images: Images) -> tuple[str, str]:
    """An older and a newer image."""
    return (
        images.of("django1", lambda tag: django_image(tag, FIRST)),
        images.of("django2", lambda tag: django_image(tag, FIRST, SECOND)),
    )


@pytest.mark.crash_only(
    "TestCommand: the same contract",
    but=("test_down_returns_to_where_it_began_and_again_changes_nothing",),
)
class TestDjangoOnPostgreSQL(MigratorContract):
    @pytest.fixture
    def moved(self, postgresql: Server, images: Images) -> Moved:
        return moved(DJANGO, emptied(postgresql), *of_django(images))


@pytest.mark.crash_only("TestDjangoOnPostgreSQL")
class TestDjangoOnMariaDB(MigratorContract):
    @pytest.fixture
    def moved(self, mysql: Server, images: Images) -> Moved:
        return moved(DJANGO, emptied(mysql), *of_django(images))


class TestCommand(MigratorContract):
    @pytest.fixture
    def moved(self, postgresql: Server, images: Images) -> Moved:
        return moved(
            COMMAND,
            emptied(postgresql),
            images.of("command1", lambda tag: steps_image(tag, "01_bills")),
            images.of("command2", lambda tag: steps_image(tag, "01_bills", "02_remark")),
        )


def test_what_django_runs_in_python_is_of_no_known_class(
    postgresql: Server, images: Images
) -> None:
    python = {
        "tags/migrations/0002_fill.py": migration(
            "migrations.RunPython(print)", ("tags", "0001_initial")
        )
    }
    added = {
        "shop/migrations/0002_extra.py": migration(
            "migrations.AddField('Bill', 'extra', models.TextField(null=True))",
            ("shop", "0001_initial"),
        )
    }
    image = images.of("django3", lambda tag: django_image(tag, FIRST, python, added))
    found = moved(DJANGO, emptied(postgresql), image, image)
    kinds = {one.id: (one.kind, one.reasons) for one in found.plan(found.newer).revisions}
    assert kinds == {
        "shop.0001_initial": ("additive", ()),
        "tags.0001_initial": ("additive", ()),
        "shop.0002_extra": ("additive", ()),
        "tags.0002_fill": ("unknown", ("it has RunPython, which is not SQL",)),
    }


SLEEPS = {
    "mysql": (
        "LOCK TABLES shop_bill WRITE; DO SLEEP(120);",
        "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'",
        "KILL {id}",
    ),
    "postgresql": (
        "BEGIN; LOCK TABLE shop_bill; SELECT pg_sleep(120);",
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'",
        "SELECT pg_terminate_backend({id})",
    ),
}


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Somebody holds a lock on the table of the bills."""
    lock, asleep, kill = SLEEPS[server.spec.engine]

    def hold() -> None:
        with suppress(DatabaseError):  # it is killed
            server.sql(lock)

    holder = threading.Thread(target=hold)
    holder.start()
    end = time.monotonic() + 30
    while not (found := server.database().names(asleep)):
        assert time.monotonic() < end
    try:
        yield
    finally:
        server.sql(kill.format(id=found[0]))
        holder.join()


@pytest.mark.crash_only("tests/integration/test_migrator.py: a locked table")
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_django_gives_a_locked_table_up_after_the_lock_timeout(
    engine: str, images: Images, request: pytest.FixtureRequest
) -> None:
    server: Server = emptied(request.getfixturevalue(engine))
    found = moved(DJANGO, server, *of_django(images))
    found.older.migrator.upgrade(found.plan(found.older).head)
    head = found.plan(found.newer).head
    with locked(server), pytest.raises(MigrationError, match="Something holds a lock") as raised:
        found.newer.migrator.upgrade(head)
    assert raised.value.retryable


def test_files_are_read_out_of_an_image_that_is_never_started(host: DockerHost) -> None:
    image = build_image(
        "tidegate-test/files:1",
        {
            "Dockerfile": f"FROM {BASE}\nVOLUME /data\nCOPY prisma /app/prisma\nRUN ln -s /etc/passwd /app/prisma/link\n",
            "prisma/20260101_init/migration.sql": "CREATE TABLE bills (id INT);",
            "prisma/lock.toml": "x",
        },
    )
    began = time.time()
    try:
        files = EngineImageFiles(host)
        assert files.read(image, "/app/prisma", key="test/files") == {
            "20260101_init/migration.sql": "CREATE TABLE bills (id INT);",
            "lock.toml": "x",
        }
        assert files.read(image, "/app/nowhere", key="test/files") == {}
        with pytest.raises(EngineError, match="more than 16 MiB"):
            files.read(image, "/usr", key="test/files")
        assert (
            host.client.containers.list(all=True, filters={"label": f"{KEY_LABEL}=test/files"})
            == []
        )
        started = host.client.events(
            since=int(began),
            until=int(time.time()) + 1,
            decode=True,
            filters={"event": "start", "label": f"{KEY_LABEL}=test/files"},
        )
        assert list(started) == []
    finally:
        host.client.images.remove(image, force=True)

"""Django, Rails, Prisma and Flyway: on files and outputs of the shapes that the real ones have."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from blocks.migrators.tools import EngineMigrations
from tests.unit.migration_fakes import (
    DATABASE,
    RENAME,
    RENAME_BACK,
    SPEC,
    Files,
    Host,
    Server,
    inspect,
    migrator,
)
from tidegate.errors import MigrationError
from tidegate.facts import RevisionTable
from tidegate.stack.migrations import (
    DjangoMigration,
    FlywayMigration,
    Migration,
    PrismaMigration,
    RailsMigration,
)

PRISMA = PrismaMigration(**SPEC, tool="prisma")
FIRST, SECOND = "20260101090000_init", "20260301101500_add_note"
PRISMA_FILES = Files(
    {
        "/app/prisma/migrations": {
            "migration_lock.toml": 'provider = "postgresql"\n',
            f"{FIRST}/migration.sql": '-- CreateTable\nCREATE TABLE "Bill" (\n    "id" SERIAL NOT NULL,\n    "amount" INTEGER '
            'NOT NULL,\n\n    CONSTRAINT "Bill_pkey" PRIMARY KEY ("id")\n);\n',
            f"{SECOND}/migration.sql": '-- AlterTable\nALTER TABLE "Bill" ADD COLUMN     "note" TEXT;\n',
        }
    }
)
RAILS = RailsMigration(**SPEC, tool="rails")
RAILS_FILES = Files(
    {
        "/app/db/migrate": {
            "20260101090000_create_bills.rb": "class CreateBills < ActiveRecord::Migration[7.1]",
            ".keep": "",
            "20260301101500_add_note.active_storage.rb": "class AddNote < ActiveRecord::Migration[7.1]",
        }
    }
)
FLYWAY = FlywayMigration(**SPEC, tool="flyway", files="/flyway/sql")
FLYWAY_FILES = Files(
    {
        "/flyway/sql": {
            "V1__create_bills.sql": "CREATE TABLE bills (id INT PRIMARY KEY);",
            "V1_10__index.sql": "CREATE INDEX i ON bills (id);",
            "V1_2__add_note.sql": "ALTER TABLE bills ADD COLUMN note TEXT;",
            "U1_2__add_note.sql": "ALTER TABLE bills DROP COLUMN note;",
        }
    }
)


def test_prisma_s_migrations_are_read_from_their_files() -> None:
    change = inspect(PRISMA, Server([FIRST]), files=PRISMA_FILES)
    assert (change.current, change.head) == (FIRST, f"{FIRST} {SECOND}")
    assert [(one.id, one.kind) for one in change.revisions] == [(SECOND, "additive")]
    assert 'ADD COLUMN     "note" TEXT' in change.upgrade_sql


def test_what_prisma_cannot_take_back_is_irreversible() -> None:
    files = Files({"/app/prisma/migrations": {f"{FIRST}/migration.sql": RENAME}})
    assert inspect(PRISMA, Server(), files=files).kind == "irreversible"


def test_rails_migrations_are_read_from_the_names_of_their_files_and_of_no_known_class() -> None:
    change = inspect(RAILS, Server(["20260101090000"]), files=RAILS_FILES)
    assert [(one.id, one.message, one.kind) for one in change.revisions] == [
        ("20260301101500", "add note", "unknown")
    ]
    assert change.revisions[0].reasons == ("it is written in Ruby, which is not looked into",)
    assert (
        change.upgrade_sql == "-- 20260301101500: it is written in Ruby, which is not looked into"
    )


def test_an_old_migration_whose_file_is_gone_says_nothing_about_the_image() -> None:
    assert (
        inspect(RAILS, Server(["20250101000000", "20260101090000"]), files=RAILS_FILES).kind
        == "unknown"
    )
    with pytest.raises(MigrationError, match="at 20270101000000, which this image does not know"):
        inspect(RAILS, Server(["20260101090000", "20270101000000"]), files=RAILS_FILES)


def test_rails_goes_down_version_by_version() -> None:
    server = Server(["1", "2", "3"])
    host = Host({"VERSION=3": lambda: server.undo("3"), "VERSION=2": lambda: server.undo("2")})
    migrator(RAILS, server, host).downgrade("1")
    assert [job.command for job in host.jobs] == [
        ("bin/rails", "db:migrate:down", "VERSION=3"),
        ("bin/rails", "db:migrate:down", "VERSION=2"),
    ]


def test_flyway_s_migrations_are_read_in_the_order_of_their_versions() -> None:
    change = inspect(FLYWAY, Server(["1"]), files=FLYWAY_FILES)
    assert [(one.id, one.message, one.kind) for one in change.revisions] == [
        ("1.2", "add note", "additive"),
        ("1.10", "index", "additive"),
    ]
    assert change.head == "1 1.10 1.2"


def test_what_lies_below_flyway_s_baseline_is_not_pending() -> None:
    change = inspect(FLYWAY, Server(["baseline:1.2"]), files=FLYWAY_FILES)
    assert ([one.id for one in change.revisions], change.head) == (["1.10"], "1.10 baseline:1.2")


def test_a_repeated_migration_of_flyway_is_refused() -> None:
    files = Files(
        {
            "/flyway/sql": {
                "V1__a.sql": "CREATE TABLE a (id INT)",
                "views/R__owed.sql": "CREATE VIEW",
            }
        }
    )
    with pytest.raises(
        MigrationError, match=r"views/R__owed\.sql runs again whenever it has changed"
    ):
        inspect(FLYWAY, Server(), files=files)


@pytest.mark.parametrize("spec", [PRISMA, RAILS, FLYWAY])
def test_a_folder_that_is_not_there_is_named(spec: Migration) -> None:
    with pytest.raises(MigrationError, match="there are no files in /"):
        inspect(spec, Server())


# --- Django ---

DJANGO = DjangoMigration(**SPEC, tool="django")


def django(*found: Mapping[str, object]) -> Host:
    """The probe's mark stands in the source that is sent in."""

    def answer() -> str:
        source = (host.jobs[-1].stdin or b"").decode()
        mark = source.partition('MARK = "')[2].partition('"')[0]
        return f"a manage.py that prints\n{mark}{json.dumps(found)}\n"

    host = Host({"}": answer})
    return host


def test_django_s_apps_are_one_history() -> None:
    host = django(
        {"id": "auth.0001"},
        {"id": "shop.0001"},
        {"id": "shop.0002", "up": RENAME, "down": RENAME_BACK},
        {"id": "tags.0001", "why": "it has RunPython, which is not SQL"},
    )
    change = inspect(DJANGO, Server(["auth.0001", "shop.0001", "gone.0007"]), host)
    assert [(one.id, one.kind) for one in change.revisions] == [
        ("shop.0002", "needs downgrade"),
        ("tags.0001", "unknown"),
    ]
    assert (change.kind, change.head) == (
        "unknown",
        "auth.0001 gone.0007 shop.0001 shop.0002 tags.0001",
    )
    assert json.loads(host.jobs[0].command[-2]) == [
        ["auth", "0001"],
        ["shop", "0001"],
        ["gone", "0007"],
    ]
    assert host.jobs[0].sealed


def test_a_newer_migration_of_one_app_is_of_a_newer_image() -> None:
    with pytest.raises(MigrationError, match=r"at shop\.0003, which this image does not know"):
        inspect(
            DJANGO,
            Server(["shop.0001", "shop.0003"]),
            django({"id": "shop.0001"}, {"id": "shop.0002"}),
        )


@pytest.mark.parametrize("printed", ["", "nothing", "tidegate-probe:[]"])
def test_an_image_that_answers_in_django_s_place_is_refused(printed: str) -> None:
    with pytest.raises(MigrationError, match="it answered 0 times"):
        inspect(DJANGO, Server(), Host({"}": printed}))


def test_each_app_goes_down_to_the_last_of_its_migrations_that_stays() -> None:
    server = Server(["shop.0001", "shop.0002", "tags.0001", "shop.0003"])
    host = Host(
        {
            "tags zero": lambda: server.undo("tags.0001"),
            "shop 0001": lambda: server.put("shop.0001", "tags.0001"),
        }
    )
    migrator(DJANGO, server, host).downgrade("shop.0001")
    assert [job.command[-2:] for job in host.jobs] == [("shop", "0001"), ("tags", "zero")]
    assert host.jobs[0].environment["TIDEGATE_LOCK_TIMEOUT_SECONDS"] == "10"


def test_one_table_s_names_are_what_likely_means() -> None:
    state = EngineMigrations(Host(), Files()).state(RAILS, DATABASE, Server(["1", "02"]))
    assert state.likely() == RevisionTable("public", "schema_migrations", ("1", "2"))

"""How a backup names what it counted, and what an old one's names are compared with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import Part
from blocks.backups.restoring import SavedDatabase, as_proved
from blocks.databases.mysql.users import missing_users
from blocks.databases.sql_client import DATA, GLOBALS, Beside, bare, shown
from tasks.data.backups import images_here
from tasks.frame.work import Work
from tidegate.errors import BackupError
from tidegate.facts import Backup

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@given(NAME, NAME)
def test_two_names_are_never_shown_as_one_and_the_last_can_be_read_back(
    schema: str, name: str
) -> None:
    assert shown(schema, name) != shown(f"{schema}.{name}")
    assert bare(shown(schema, name)) == bare(shown(name)) == name


@given(st.text(min_size=1, max_size=80))
def test_no_name_beside_is_longer_than_a_server_takes(database: str) -> None:
    names = Beside(database)
    assert len({names.new, names.making, names.old, database}) == 4
    assert all(
        len(name.encode("utf-8", "surrogatepass")) <= 63
        for name in (names.new, names.making, names.old)
    )


def compared(proved: dict[str, int], found: dict[str, int], *kinds: str) -> None:
    backup = Backup(
        "b1",
        "b1",
        1,
        "",
        None,
        {f"main.{name}": rows for name, rows in proved.items()},
        1,
        1,
        NOON,
        NOON,
    )
    parts = {kind: Part(kind, 1, "") for kind in kinds}
    as_proved(SavedDatabase(BackupStore(Path()), "b1", "main", parts), backup)(found)


@pytest.mark.parametrize(
    ("proved", "found"),
    [
        ({"bills": 1}, {"bills": 1}),
        ({"bills": 1}, {"audit.bills": 1}),
        ({"a.b": 1}, {'"a.b"': 1}),
        ({"bills": 2}, {"bills": 1, "audit.bills": 2}),
        ({"bills": 1}, {"bills": 1, "pg_catalog.pg_largeobject": 3}),
        ({}, {}),
    ],
)
def test_an_old_backup_is_compared_by_bare_names(
    proved: dict[str, int], found: dict[str, int]
) -> None:
    compared(proved, found, DATA)


@pytest.mark.parametrize(
    ("proved", "found"),
    [({"bills": 1}, {"bills": 2}), ({"bills": 1}, {}), ({"bills": 1}, {"bill.s": 1})],
)
def test_an_old_backup_that_brings_other_rows_is_refused(
    proved: dict[str, int], found: dict[str, int]
) -> None:
    with pytest.raises(BackupError, match=r"bills: .* rows, 1 when it was made"):
        compared(proved, found, DATA)


@pytest.mark.parametrize("found", [{"audit.bills": 1}, {"bills": 1, "later": 0}, {}])
def test_a_new_backup_is_compared_in_full(found: dict[str, int]) -> None:
    with pytest.raises(BackupError, match="when it was made"):
        compared({"bills": 1}, found, GLOBALS, DATA)


def test_only_users_that_are_missing_are_made() -> None:
    script = (
        "CREATE SEQUENCE IF NOT EXISTS `app`.`s`;\n-- user 6D65@25\nCREATE USER IF NOT EXISTS `me`;\nGRANT 1;\n"
        "-- user 796F75@25\nCREATE USER IF NOT EXISTS `you`;\nGRANT 2;\n-- end of users\n"
    )
    sequences, users = missing_users(script, ["6D65@25"])
    assert sequences == "CREATE SEQUENCE IF NOT EXISTS `app`.`s`;\n"
    assert users == "CREATE USER IF NOT EXISTS `you`;\nGRANT 2;\n"


@pytest.mark.parametrize(
    ("services", "first"),
    [((), "released"), (("cache",), "cache image"), (("cache", "mysql"), "mysql image")],
)
def test_volumes_are_reached_through_an_image_that_is_on_the_engine(
    services: tuple[str, ...], first: str
) -> None:
    """The database's, because it has tools; where there is none, whatever the stack has."""
    host = SimpleNamespace(
        containers=lambda labels: [
            SimpleNamespace(service=one, image_id=f"{one} image") for one in services
        ]
    )
    env = SimpleNamespace(
        host=host,
        base_project="shop-prod",
        stack=SimpleNamespace(databases=[SimpleNamespace(service="mysql")]),
    )
    assert images_here(cast(Work, SimpleNamespace(env=env, pins={"web": "released"})))[0] == first

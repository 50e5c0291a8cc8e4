"""Patterns of database names: what they find, when two can meet, and how a found name is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import Part
from blocks.backups.restoring import file_name, names_in
from blocks.databases.sql_client import DATA, GLOBALS, Beside, without_beside
from tests.unit.plans import AT
from tests.unit.test_stackfile import DATABASE, HISTORY, SAMPLE, faults, written
from tidegate.errors import BackupError, ConfigError
from tidegate.facts import Backup
from tidegate.stack.data import FOUND_KEY, Database
from tidegate.stack.database_patterns import filled, kept_as, keys_in, matching, name_of, overlap
from tidegate.stack.file import load_stack

TENANTS = {
    **{key: value for key, value in DATABASE.items() if key != "database_key"},
    "name": "tenants",
    "pattern": "ten_*",
}
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
PATTERN = st.text("ab*?", max_size=6)
SHORT = st.text("ab", max_size=8)


@pytest.fixture
def sample() -> Any:
    found = yaml.safe_load(SAMPLE)
    found["databases"].append(dict(TENANTS))
    found["state"]["databases"].append("tenants")
    return found


# --- what is found ---


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ten_*", ["ten_", "ten_a", "ten_b\n%'\""]),
        ("ten_?", ["ten_a"]),
        ("*", ["TEN_A", "aten_a", "ten", "ten_", "ten_a", "ten_b\n%'\""]),
        ("TEN*", ["TEN_A"]),
        ("ten.*", []),
    ],
)
def test_a_pattern_is_read_as_a_shell_reads_it(pattern: str, found: list[str]) -> None:
    names = ["ten_a", "ten_b\n%'\"", "ten_", "ten", "TEN_A", "aten_a"]
    assert matching(pattern, names) == found


def test_a_key_without_a_value_finds_nothing_rather_than_everything() -> None:
    assert filled("${A}_${B}*", {"A": "x", "B": "y"}) == "x_y*"
    assert keys_in("${A}_${B}*") == ["A", "B"]
    with pytest.raises(ConfigError, match="the env file has no value for A"):
        filled("${A}*", {"A": ""})


@given(PATTERN, PATTERN, SHORT)
def test_patterns_that_find_one_name_overlap(one: str, other: str, name: str) -> None:
    if matching(one, [name]) and matching(other, [name]):
        assert overlap(one, other)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("ten_*", "stg_*", False),
        ("ten_*", "ten_stg_*", True),
        ("a*", "*b", True),
        ("a?", "a", False),
        ("a??*", "ab", False),
        ("*", "", True),
        ("x*y", "x*z", False),
    ],
)
def test_patterns_that_cannot_find_one_name_do_not_overlap(
    one: str, other: str, meet: bool
) -> None:
    assert (overlap(one, other), overlap(other, one)) == (meet, meet)


def test_our_own_copies_are_never_found() -> None:
    beside = Beside("ten_a")
    long = Beside("ten_" + "a" * 50)
    names = [beside.new, beside.making, beside.old, long.new, long.old, "ten_a", "ten__tidegate"]
    assert without_beside(names) == ["ten_a", "ten__tidegate"]


# --- how a name is kept ---


@given(NAME, NAME)
def test_two_names_are_never_kept_as_one_and_each_can_be_read_back(one: str, other: str) -> None:
    assert name_of(kept_as(one)) == one
    assert (kept_as(one) == kept_as(other)) is (one == other)
    assert not {*kept_as(one)} & {*"./: \"'`|*<>&\n"}


def test_a_name_that_is_no_text_can_be_read_back() -> None:
    assert kept_as("ten_\udcff") == "ten_%FF"
    assert name_of("ten_%FF") == "ten_\udcff"


def test_the_files_of_a_backup_tell_which_databases_it_holds() -> None:
    kept = [f"tenants:{kept_as(name)}" for name in ("ten_a", "Ten.b/c", "data.globals")]
    files = [file_name(name, kind, "sql") for name in kept for kind in (DATA, GLOBALS)]
    others = ["main.sql.gz", "tenants.sql.gz", "tenants2:x.sql.gz", "tenants:x.tar.gz"]
    parts = [Part(name, 1, "") for name in (*files, *others)]
    assert names_in(parts, "tenants") == ["ten_a", "Ten.b/c", "data.globals"]
    assert names_in(parts, "main") == []


def test_a_manifest_that_nobody_could_read_again_is_never_written(tmp_path: Path) -> None:
    tables = {f"tenants:{number:07}.{'t' * 200}": 1 for number in range(160_000)}
    made = Backup("b1", "b1", 1, "", None, tables, 1, 1, AT, AT)
    (tmp_path / "b1").mkdir()
    with pytest.raises(BackupError, match="160000 tables make a manifest of more than"):
        BackupStore(tmp_path).seal(made, [])
    assert list((tmp_path / "b1").iterdir()) == []


# --- what the stack file says ---


def test_a_pattern_stands_in_place_of_a_name(tmp_path: Path, sample: Any) -> None:
    [_, tenants] = load_stack(written(tmp_path, sample)).databases
    assert isinstance(tenants, Database)
    assert (tenants.pattern, tenants.key_of_name) == ("ten_*", FOUND_KEY)
    found = tenants.found("Ten a")
    assert (found.name, found.pattern, found.key_of_name) == ("tenants:Ten%20a", None, FOUND_KEY)


def test_keys_in_a_pattern_hold_names_that_are_no_secrets(tmp_path: Path, sample: Any) -> None:
    sample["databases"][1]["pattern"] = "${PREFIX}*"
    [_, tenants] = load_stack(written(tmp_path, sample)).databases
    assert "PREFIX" in tenants.name_keys


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"database_key": "DB_NAME"}, "needs a database_key, which holds the name of one database"),
        ({"pattern": None}, "needs a database_key, which holds the name of one database"),
        ({"pattern": "ten_a"}, "databases[1].pattern: must be a pattern such as `ten_*`"),
        ({"pattern": "ten *"}, "databases[1].pattern: must be a pattern such as `ten_*`"),
        ({"pattern": "$PREFIX*"}, "databases[1].pattern: must be a pattern such as `ten_*`"),
        ({"url_key": "DATABASE_URL"}, "url_key leads to one database, and a pattern finds many"),
    ],
)
def test_a_fault_of_a_pattern_is_named(
    tmp_path: Path, sample: Any, changed: dict[str, str], fault: str
) -> None:
    sample["databases"][1] |= changed
    assert fault in faults(tmp_path, sample)


def test_a_pattern_that_is_not_saved_is_refused(tmp_path: Path, sample: Any) -> None:
    sample["state"]["databases"] = ["main"]
    assert faults(tmp_path, sample) == "state.databases: 'tenants' is not saved"


def test_the_same_pattern_twice_is_refused(tmp_path: Path, sample: Any) -> None:
    sample["databases"].append(TENANTS | {"name": "others"})
    sample["state"]["databases"].append("others")
    assert "two of 'mysql' say ten_*" in faults(tmp_path, sample)


def test_a_history_of_a_pattern_is_a_command_without_a_way_down(
    tmp_path: Path, sample: Any
) -> None:
    mine = HISTORY | {"database": "tenants"}
    sample["migrations"].append(mine)
    assert "is a pattern, and alembic is told of one database" in faults(tmp_path, sample)
    command = {"tool": "command", "state": "SELECT 1", "has": ["x"], "up": ["x"]}
    sample["migrations"][1] = mine | command | {"down": ["x", "{name}"]}
    assert "is a pattern, which has no way down" in faults(tmp_path, sample)
    sample["migrations"][1] = mine | command
    assert load_stack(written(tmp_path, sample)).migrations[1].database == "tenants"

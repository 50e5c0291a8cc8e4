"""P24-P39: configuration is complete, real and not readable from what is stored about it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.envfile import EnvDiff, check_env, config_hash, diff_env, fingerprint, read_env, write_env
from tidegate.errors import ConfigError
from tidegate.stackfile import EnvironmentName

HASH_KEY = b"0123456789abcdef"
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    st.text("=|&#\"'$\\ {}\n\r\tab`", max_size=20))


def read(folder: Path, text: str) -> dict[str, str]:
    (folder / "prod.env").write_text(text, encoding="utf-8")
    return read_env(folder / "prod.env")


@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_every_value_comes_back_exactly_as_it_was_written(
        tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]) -> None:
    path = tmp_path_factory.getbasetemp() / "round.env"
    write_env(values, path)
    assert read_env(path) == values


def test_values_that_broke_sed_and_cut_are_read_as_they_stand(tmp_path: Path) -> None:
    text = "A=a=b|c&d#e\nB='with $HOME and \"quotes\"'\nC=\"x # y\"\nexport D=plain # a comment\nE=${A}/$B\n\n# F=off\n"
    assert read(tmp_path, text) == {
        "A": "a=b|c&d#e", "B": 'with $HOME and "quotes"', "C": "x # y", "D": "plain", "E": "${A}/$B"}


def test_a_value_never_depends_on_the_reader_s_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "outside")
    assert read(tmp_path, "A=inside\nB=${A}\n") == {"A": "inside", "B": "${A}"}


def test_every_bad_line_is_named_by_number_and_no_value_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, "A=1\nno equals hunter2\nB='open hunter2\nC\nA=hunter2\n1X=hunter2\n")
    assert "line 2: is not KEY=value; line 3: is not KEY=value; line 4" in error.value.came_back
    assert "line 6" in error.value.came_back
    assert "A: is there 2 times" in error.value.came_back
    assert "hunter2" not in str(error.value)


def test_a_missing_file_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FileNotFoundError"):
        read_env(tmp_path / "prod.env")


def test_a_written_file_is_readable_by_its_owner_only_even_when_it_was_open_before(tmp_path: Path) -> None:
    path = tmp_path / "prod.env"
    path.write_text("old")
    path.chmod(0o644)
    write_env({"A": "1"}, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("values", [{"A B": "1"}, {"A": "a\0b"}, {"": "1"}])
def test_what_an_env_file_cannot_hold_is_not_written(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        write_env(values, tmp_path / "prod.env")
    assert not (tmp_path / "prod.env").exists()


@pytest.mark.parametrize("value", [
    "CHANGEME", "CHANGE_ME_please", "***REDACTED***", "placeholder", "Placeholder", "__DEPLOY_INJECT__",
    "<your key>", "mysql://u:CHANGEME@db/x",
])
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_placeholder_is_a_fault_everywhere(value: str, environment: EnvironmentName) -> None:
    assert check_env({"S3_BUCKET": value}, [], environment) == ["S3_BUCKET: holds a placeholder"]


@pytest.mark.parametrize("value", ["changeme", "test123", "root", "password", "dev123", "Password", " root "])
@pytest.mark.parametrize("key", ["MYSQL_PASSWORD", "JWT_SECRET", "ADMIN_PWD", "PINNED"])
def test_a_known_default_password_is_a_fault_where_customers_are(key: str, value: str) -> None:
    for environment, faults in (("dev", 0), ("staging", 1), ("prod", 1)):
        assert len(check_env({key: value}, [], environment, ["PINNED"])) == faults  # type: ignore[arg-type]


def test_a_known_default_password_inside_a_url_is_a_fault() -> None:
    assert check_env({"DATABASE": "mysql://app:root@db/x"}, [], "prod") == [
        "DATABASE: holds a well-known default password"]


def test_a_word_that_is_a_default_password_is_fine_under_a_key_that_is_no_secret() -> None:
    assert check_env({"MYSQL_USER": "root", "LOG": "<b>a</b> < c"}, ["MYSQL_USER"], "prod") == []


def test_all_faults_come_at_once_and_none_shows_a_value() -> None:
    values = {"EMPTY": "  ", "MYSQL_PASSWORD": "test123", "TOKEN": "CHANGEME"}
    assert check_env(values, ["GONE", "EMPTY", "TOKEN"], "prod") == [
        "GONE: is missing", "EMPTY: is empty", "MYSQL_PASSWORD: holds a well-known default password",
        "TOKEN: holds a placeholder"]


def test_a_difference_names_keys_added_removed_changed_and_emptied() -> None:
    old = fingerprint({"SAME": "1", "GONE": "1", "CHANGED": "1", "EMPTIED": "1"}, HASH_KEY)
    new = fingerprint({"SAME": "1", "NEW": "1", "CHANGED": "2", "EMPTIED": ""}, HASH_KEY)
    assert diff_env(old, new) == EnvDiff(("NEW",), ("GONE",), ("CHANGED",), ("EMPTIED",))
    assert not diff_env(old, old)


@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES))
def test_two_configurations_differ_exactly_when_their_hashes_do(old: dict[str, str], new: dict[str, str]) -> None:
    first, second = fingerprint(old, HASH_KEY), fingerprint(new, HASH_KEY)
    assert bool(diff_env(first, second)) == (old != new) == (config_hash(first) != config_hash(second))


def test_a_fingerprint_tells_nothing_without_the_key() -> None:
    values = {"A": "root", "B": "root"}
    one, other = fingerprint(values, HASH_KEY), fingerprint(values, HASH_KEY[::-1])
    assert one["A"] != one["B"]
    assert not set(one.values()) & set(other.values())


def test_a_hashing_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigError, match="too short"):
        fingerprint({}, b"short")


def test_the_configuration_hash_covers_whole_files_and_their_borders() -> None:
    hashes = {config_hash({}), config_hash({}, b"ab"), config_hash({}, b"a", b"b"), config_hash({}, b"b", b"a")}
    assert len(hashes) == 4
    assert config_hash({"A": "1", "B": "2"}) == config_hash({"B": "2", "A": "1"})

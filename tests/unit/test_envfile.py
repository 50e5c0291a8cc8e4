"""P24-P39: configuration is complete, real and not readable from what is stored about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ConfigError
from tidegate.stack.envfile import EnvDiff, check_env, config_hash, diff_env, fingerprint, read_env
from tidegate.stack.environments import Kind

HASH_KEY = b"0123456789abcdef"
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    st.text("=|&#\"'$\\ {}\n\r\tab`", max_size=20),
)


def read(folder: Path, text: str) -> dict[str, str]:
    (folder / "prod.env").write_text(text, encoding="utf-8")
    return read_env(folder / "prod.env")


def test_values_that_broke_sed_and_cut_are_read_as_they_stand(tmp_path: Path) -> None:
    text = 'A=a=b|c&d#e\nB=\'with $HOME and "quotes"\'\nC="x # y"\nexport D=plain # a comment\nE=${A}/$B\n\n# F=off\n'
    assert read(tmp_path, text) == {
        "A": "a=b|c&d#e",
        "B": 'with $HOME and "quotes"',
        "C": "x # y",
        "D": "plain",
        "E": 'a=b|c&d#e/with $HOME and "quotes"',
    }


def test_a_key_may_have_points_and_hyphens_as_in_compose(tmp_path: Path) -> None:
    text = "discovery.type=single-node\nspring.jpa.open-in-view=false\n"
    assert read(tmp_path, text) == {
        "discovery.type": "single-node",
        "spring.jpa.open-in-view": "false",
    }


def test_a_value_never_depends_on_the_reader_s_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A", "outside")
    assert read(tmp_path, "A=inside\nB=${A}\n") == {"A": "inside", "B": "inside"}
    with pytest.raises(ConfigError):
        read(tmp_path, "B=$A\n")


def test_every_bad_line_is_named_by_number_and_no_value_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, "A=1\nno equals hunter2\nB='open hunter2\nC\nA=hunter2\n1X=hunter2\n")
    assert (
        "line 2: is not KEY=value; line 3: B has a quote that does not end; line 4"
        in error.value.came_back
    )
    assert "line 6" in error.value.came_back
    assert "A: is there 2 times" in error.value.came_back
    assert "hunter2" not in str(error.value)


def test_a_missing_file_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FileNotFoundError"):
        read_env(tmp_path / "prod.env")


def test_a_dollar_that_is_meant_as_it_stands_is_refused_with_how_to_write_it_and_not_shown(
    tmp_path: Path,
) -> None:
    """Compose would look for a variable of that name, find none, and cut the password."""
    with pytest.raises(ConfigError, match="line 2: A has a `\\$`") as error:
        read(tmp_path, "# ours\nA=hunter2$word\n")
    assert "put the value in single quotes" in error.value.came_back
    assert not [part for part in ("hunter2", "word") if part in str(error.value)]
    assert (
        read(tmp_path, "A='hunter2$word'\n")
        == read(tmp_path, "A=hunter2$$word\n")
        == {"A": "hunter2$word"}
    )


def test_what_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prod.env").write_bytes(b"A=\xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_env(tmp_path / "prod.env")


@pytest.mark.parametrize(
    "value",
    [
        "CHANGEME",
        "CHANGE_ME_please",
        "***REDACTED***",
        "placeholder",
        "Placeholder",
        "__DEPLOY_INJECT__",
        "<your key>",
        "mysql://u:CHANGEME@db/x",
    ],
)
@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_a_placeholder_is_a_fault_everywhere(value: str, environment: Kind) -> None:
    assert check_env({"S3_BUCKET": value}, [], environment) == ["S3_BUCKET: holds a placeholder"]


@pytest.mark.parametrize(
    "value", ["changeme", "test123", "root", "password", "dev123", "Password", " root "]
)
@pytest.mark.parametrize("key", ["MYSQL_PASSWORD", "JWT_SECRET", "ADMIN_PWD", "PINNED"])
def test_a_known_default_password_is_a_fault_where_customers_are(key: str, value: str) -> None:
    for environment, faults in (("development", 0), ("staging", 1), ("production", 1)):
        assert len(check_env({key: value}, [], environment, ["PINNED"])) == faults  # type: ignore[arg-type]


def test_a_known_default_password_inside_a_url_is_a_fault() -> None:
    assert check_env({"DATABASE": "mysql://app:root@db/x"}, [], "production") == [
        "DATABASE: holds a well-known default password"
    ]


def test_a_word_that_is_a_default_password_is_fine_under_a_key_that_is_no_secret() -> None:
    assert (
        check_env({"MYSQL_USER": "root", "LOG": "<b>a</b> < c"}, ["MYSQL_USER"], "production") == []
    )


def test_all_faults_come_at_once_and_none_shows_a_value() -> None:
    values = {"EMPTY": "  ", "MYSQL_PASSWORD": "test123", "TOKEN": "CHANGEME"}
    assert check_env(values, ["GONE", "EMPTY", "TOKEN"], "production") == [
        "GONE: is missing",
        "EMPTY: is empty",
        "MYSQL_PASSWORD: holds a well-known default password",
        "TOKEN: holds a placeholder",
    ]


def test_a_difference_names_keys_added_removed_changed_and_emptied() -> None:
    old = fingerprint({"SAME": "1", "GONE": "1", "CHANGED": "1", "EMPTIED": "1"}, HASH_KEY)
    new = fingerprint({"SAME": "1", "NEW": "1", "CHANGED": "2", "EMPTIED": ""}, HASH_KEY)
    assert diff_env(old, new) == EnvDiff(("NEW",), ("GONE",), ("CHANGED",), ("EMPTIED",))
    assert not diff_env(old, old)


@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES))
def test_two_configurations_differ_exactly_when_their_hashes_do(
    old: dict[str, str], new: dict[str, str]
) -> None:
    first, second = fingerprint(old, HASH_KEY), fingerprint(new, HASH_KEY)
    assert (
        bool(diff_env(first, second)) == (old != new) == (config_hash(first) != config_hash(second))
    )


def test_a_fingerprint_tells_nothing_without_the_key() -> None:
    values = {"A": "root", "B": "root"}
    one, other = fingerprint(values, HASH_KEY), fingerprint(values, HASH_KEY[::-1])
    assert one["A"] != one["B"]
    assert not set(one.values()) & set(other.values())


def test_a_hashing_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigError, match="too short"):
        fingerprint({}, b"short")


def test_the_configuration_hash_covers_whole_files_and_their_borders() -> None:
    hashes = {
        config_hash({}),
        config_hash({}, b"ab"),
        config_hash({}, b"a", b"b"),
        config_hash({}, b"b", b"a"),
    }
    assert len(hashes) == 4
    assert config_hash({"A": "1", "B": "2"}) == config_hash({"B": "2", "A": "1"})

"""What `tidegate init` reads of a folder, and how it writes: nothing that is there is changed, and no
secret is readable by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.plan.application import Application
from tasks.plan.env_examples import example_in, example_of
from tasks.plan.file_text import MOST_BYTES, file_text
from tasks.plan.proposing import _dockerfile, _of_production, _own_name, _write
from tidegate.errors import InputError


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", [".env.production", ".env.prod"])
def test_the_env_file_of_production_says_which_keys_there_are_and_which_are_empty(
    tmp_path: Path, name: str
) -> None:
    write(tmp_path, **{name: "A=1\nB=\nC=3\n", ".env.web": "D=4\n"})
    found = _of_production(Application(tmp_path), [".env.web"])
    assert found is not None
    assert (found.file, found.keys, found.empty) == (name, ("A", "B", "C"), frozenset({"B"}))


def test_the_one_beside_the_compose_files_goes_first(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    write(tmp_path, **{".env.prod": "A=1\n", "deploy/.env.prod": "B=1\n"})
    found = _of_production(Application(tmp_path, "deploy"), [])
    assert found is not None
    assert (found.file, found.keys) == ("deploy/.env.prod", ("B",))


def test_without_one_the_files_that_the_server_has_say_it_together(tmp_path: Path) -> None:
    write(tmp_path, **{".env.web": "A=1\nB=\n", ".env.db": "C=\n"})
    found = _of_production(Application(tmp_path), [".env.web", ".env.gone", ".env.db"])
    assert found is not None
    assert (found.file, found.keys) == (".env.web, .env.db", ("A", "B", "C"))
    assert found.empty == frozenset({"B", "C"})


def test_where_nothing_is_said_there_is_none(tmp_path: Path) -> None:
    assert _of_production(Application(tmp_path), [".env.web"]) is None
    assert _of_production(Application(write(tmp_path, **{".env.prod": "# nothing\n"})), []) is None


def test_what_is_written_is_new_and_a_secret_is_its_owner_s(tmp_path: Path) -> None:
    assert _write(tmp_path / "stack.yaml", "a: 1\n")
    assert _write(tmp_path / ".env", "A=1\n", 0o600)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "stack.yaml").stat().st_mode & 0o444 == 0o444
    assert not _write(tmp_path / "stack.yaml", "b: 2\n")
    assert (tmp_path / "stack.yaml").read_text() == "a: 1\n"
    with pytest.raises(InputError, match="Choose a folder that you may write to"):
        _write(tmp_path / "gone" / "stack.yaml", "a: 1\n")


def test_a_file_that_cannot_be_read_says_nothing_and_of_a_long_one_the_beginning_is_read(
    tmp_path: Path,
) -> None:
    assert MOST_BYTES == 1024 * 1024
    assert file_text(write(tmp_path, a="text") / "a") == "text"
    assert file_text(tmp_path / "gone") == ""
    assert file_text(tmp_path) == ""
    assert len(file_text(write(tmp_path, b="a" * (MOST_BYTES + 1)) / "b")) == MOST_BYTES


def test_a_dockerfile_lies_in_the_context_or_is_written_in_the_compose_file(tmp_path: Path) -> None:
    text = "FROM python:3.12\nEXPOSE {}\n"
    write(tmp_path, Dockerfile=text.format(1), Other=text.format(2))
    context = str(tmp_path)
    assert _dockerfile({"context": context}).ports == (1,)
    assert _dockerfile({"context": context, "dockerfile": "Other"}).ports == (2,)
    assert _dockerfile({"context": context, "dockerfile_inline": text.format(3)}).ports == (3,)


def test_the_name_that_compose_gives_is_none_of_its_own() -> None:
    assert _own_name({"name": "init", "services": {}}) == {"name": "", "services": {}}
    assert _own_name({"name": "shop"}) == {"name": "shop"}
    assert _own_name({}) == {"name": ""}


def test_what_the_team_says_of_its_env_file_goes_before_the_one_that_lies_there(
    tmp_path: Path,
) -> None:
    assert example_in(tmp_path) == {}
    assert example_in(write(tmp_path, **{".env": "A=1\n"})) == {"A": "1"}
    assert example_in(write(tmp_path, **{".env.a-sample": "A=2\n"})) == {"A": "2"}
    assert example_in(write(tmp_path, **{"env.template": "A=3\n"})) == {"A": "3"}
    assert example_in(write(tmp_path, **{".env.example": "A=4\n"})) == {"A": "4"}


def test_an_env_file_says_itself_where_git_has_it_and_else_its_own_example_does(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        **{
            ".env": "A=1\n",
            ".env.web": "A=2\n",
            ".env.web.example": "A=3\n",
            ".env.sample": "A=4\n",
        },
    )
    assert example_of(tmp_path, ".env.web", is_tracked=True) == {"A": "2"}
    assert example_of(tmp_path, ".env.web", is_tracked=False) == {"A": "3"}
    assert example_of(tmp_path, ".env", is_tracked=True) == {"A": "1"}
    assert example_of(tmp_path, ".env", is_tracked=False) == {"A": "4"}
    assert example_of(tmp_path, ".env.db", is_tracked=False) == {}

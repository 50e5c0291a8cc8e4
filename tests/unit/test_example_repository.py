"""The demo's repository is the same every time, and holds what the demo speaks of."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from examples.cloudlens.make_repository import COMMITS, make_repository

TAGS = sorted(commit.folder for commit in COMMITS if commit.tagged)


def git(repository: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", repository, *words], capture_output=True, check=True, text=True
    ).stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    (folder / "one-1.0-py3-none-any.whl").write_bytes(b"\x00a wheel\xff")
    return folder


@pytest.fixture(scope="session")
def repository(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "cloudlens"
    assert make_repository(path, wheels)
    return path


def test_a_second_making_changes_nothing(repository: Path, wheels: Path) -> None:
    before = git(repository, "show-ref")
    assert not make_repository(repository, wheels)
    assert git(repository, "show-ref") == before


def test_the_same_inputs_give_the_same_commits(
    repository: Path, wheels: Path, tmp_path: Path
) -> None:
    make_repository(tmp_path / "other", wheels)
    assert git(tmp_path / "other", "show-ref") == git(repository, "show-ref")


def test_other_wheels_renew_the_repository_and_keep_a_branch_of_the_user(
    wheels: Path, tmp_path: Path
) -> None:
    make_repository(tmp_path / "demo", wheels)
    git(tmp_path / "demo", "branch", "mine")
    mine = git(tmp_path / "demo", "rev-parse", "mine")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "two-1.0-py3-none-any.whl").write_bytes(b"another")
    assert make_repository(tmp_path / "demo", tmp_path / "new")
    assert git(tmp_path / "demo", "rev-parse", "mine") == mine
    assert git(tmp_path / "demo", "ls-files", "wheels").split() == [
        "wheels/two-1.0-py3-none-any.whl"
    ]


def test_every_version_is_an_annotated_tag(repository: Path) -> None:
    kinds = git(
        repository, "for-each-ref", "--format=%(refname:short) %(objecttype)", "refs/tags"
    ).splitlines()
    assert sorted(kinds) == [f"{tag} tag" for tag in TAGS]


def test_the_working_tree_is_the_newest_good_version(repository: Path) -> None:
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "describe", "--exact-match") == "v1.4.0\n"


@pytest.mark.parametrize("tag", TAGS)
def test_every_version_is_whole(repository: Path, tag: str) -> None:
    files = git(repository, "ls-tree", "-r", "--name-only", tag).splitlines()
    assert {
        "Dockerfile",
        "alembic.ini",
        "requirements.txt",
        "wheels/one-1.0-py3-none-any.whl",
    } <= set(files)
    for file in files:
        if file.endswith(".py"):
            ast.parse(git(repository, "show", f"{tag}:{file}"), file)


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag > "v1.1.0"])
def test_every_later_version_is_one_commit_on_v1_1_0(repository: Path, tag: str) -> None:
    assert git(repository, "rev-list", "--count", f"v1.1.0..{tag}") == "1\n"
    assert git(repository, "diff", "--name-only", "v1.1.0", tag)

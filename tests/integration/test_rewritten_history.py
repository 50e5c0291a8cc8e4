"""What becomes of commits that a rewritten history leads to no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blocks.sources.git import GitSource
from tests.integration.repositories import commit, git


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    repository = tmp_path / "origin"
    repository.mkdir()
    git(repository, "init", "-q")
    for told in ("first", "second", "third"):
        commit(repository, told, app_py=told)
    return repository


@pytest.fixture
def source(origin: Path, tmp_path: Path) -> GitSource:
    return GitSource("cloudlens", str(origin), "main", tmp_path / "home", timeout_seconds=20)


def test_a_released_commit_stays_readable_after_its_history_was_rewritten(
    source: GitSource, origin: Path
) -> None:
    old = source.refs()["main"]
    git(origin, "reset", "-q", "--hard", "HEAD~2")
    new = commit(origin, "rewritten")
    assert source.refs()["main"] == new
    assert source.commit(old).subject == "third"


def test_what_was_rewritten_before_a_new_mirror_was_made_is_no_commit_to_count_from(
    source: GitSource, origin: Path, tmp_path: Path
) -> None:
    old = source.refs()["main"]
    git(origin, "commit", "-q", "--amend", "-m", "third, rebased")
    git(origin, "gc", "-q", "--prune=now")
    anew = replace(source, home=tmp_path / "a new home")
    new = anew.refs()["main"]
    told = ["third, rebased", "second", "first"]
    assert [c.subject for c in anew.between(old, new)] == told
    assert [c.subject for c in source.between(old, source.refs()["main"])] == told[:1]

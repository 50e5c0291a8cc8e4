"""The files of a commit, asked of a real repository without exporting them."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.sources.git import GitSource
from tests.integration.repositories import commit, git
from tidegate.errors import VersionError


def test_the_files_of_a_commit_are_told_by_their_content(tmp_path: Path) -> None:
    """Whether two commits build the same is seen without exporting them."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q")
    source = GitSource("cloudlens", str(origin), "main", tmp_path / "home", timeout_seconds=20)
    (origin / "db").mkdir()
    (origin / "db" / "a b.sql").write_text("one")
    (origin / "dbx.txt").write_text("beside it")
    (origin / "Dockerfile").write_text("FROM x\n")
    first = commit(origin, "a database")
    second = commit(origin, "the application alone", app_py="four")
    (origin / "db" / "a b.sql").write_text("two")
    third = commit(origin, "the database")
    found = source.files(first, ["db", "Dockerfile", "no-such-place"])
    assert sorted(found) == ["Dockerfile", "db/a b.sql"]
    assert source.files(second, ["db", "Dockerfile"]) == found
    assert source.files(third, ["db"]) != source.files(first, ["db"])
    assert {"app.py", "db/a b.sql", "dbx.txt"} <= source.files(second, ["."]).keys()
    assert source.text(first, "Dockerfile") == "FROM x\n"
    with pytest.raises(VersionError, match="reading no-such-file"):
        source.text(first, "no-such-file")

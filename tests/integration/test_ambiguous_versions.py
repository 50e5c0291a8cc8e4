"""A version that could mean two things is refused."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest

from blocks.sources.git import GitSource
from tidegate.errors import VersionError


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[GitSource, str]:
    """A repository with a tag `nightly`, so long that two of its commits begin with the same seven
    digits; and those."""
    folder = tmp_path_factory.mktemp("twins")
    repository = folder / "twins.git"
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(repository)],
        check=True,
        timeout=30,
    )
    commits = "".join(
        f"commit refs/heads/main\ncommitter A <a@b.c> {1_700_000_000 + number} +0000\ndata 0\n"
        for number in range(12_500)
    )
    stream = f"{commits}reset refs/tags/nightly\nfrom refs/heads/main\n"
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=repository,
        input=stream,
        text=True,
        check=True,
        timeout=120,
    )
    listed = subprocess.run(
        ["git", "rev-list", "main"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    short, times = Counter(sha[:7] for sha in listed.stdout.split()).most_common(1)[0]
    assert times > 1
    return GitSource("twins", str(repository), "main", folder), short


def test_a_short_commit_of_two_is_refused_with_the_digits_that_tell_them_apart(
    twins: tuple[GitSource, str],
) -> None:
    source, short = twins
    with pytest.raises(
        VersionError, match=rf"2 commits start so: {short}\w+, {short}\w+\. Type more digits"
    ):
        source.resolve(f"sha-{short}")


def test_a_tag_that_is_no_version_is_refused(twins: tuple[GitSource, str]) -> None:
    with pytest.raises(
        VersionError, match="it is a branch, or a tag that is no version, and can move"
    ):
        twins[0].resolve("nightly")

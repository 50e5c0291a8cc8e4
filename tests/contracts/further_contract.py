"""What every further repository must do. A suite gives `source`, and `team`, by which somebody
works in it; there is a commit already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tidegate.errors import VersionError
from tidegate.ports import SourceRepository


@dataclass(frozen=True)
class Team:
    """Those who work in a repository."""

    commit: Callable[[], str]
    """Makes the branch go on; its new hash."""
    tag: Callable[[str], object]
    """Gives, or moves, a tag to the newest commit of the branch."""


class FurtherContract:
    def test_a_tag_leads_to_its_commit_with_and_without_its_v(
        self, source: SourceRepository, team: Team
    ) -> None:
        sha = team.commit()
        team.tag("v1.1.0")
        team.commit()
        assert [_sha(source, name) for name in ("v1.1.0", "1.1.0")] == [sha, sha]

    def test_what_is_no_tag_leads_nowhere(self, source: SourceRepository, team: Team) -> None:
        sha = team.commit()
        for name in ("v1.1.0", f"sha-{sha[:7]}", "main"):
            assert source.tagged(name) is None

    def test_a_tag_that_was_moved_leads_elsewhere(
        self, source: SourceRepository, team: Team
    ) -> None:
        team.tag("v1.1.0")
        before, newer = _sha(source, "v1.1.0"), team.commit()
        team.tag("v1.1.0")
        assert before != _sha(source, "v1.1.0") == newer

    def test_a_branch_goes_on_and_the_commit_of_then_stays(
        self, source: SourceRepository, team: Team
    ) -> None:
        before = _newest(source)
        newer = team.commit()
        assert before != _newest(source) == newer
        assert source.commit(before).sha == before

    def test_what_is_new_is_told_since_a_commit_of_this_repository(
        self, source: SourceRepository, team: Team
    ) -> None:
        before = _newest(source)
        newer = team.commit()
        assert [one.sha for one in source.between(before, newer)] == [newer]
        assert source.between(newer, newer) == []
        assert newer in {one.sha for one in source.between(None, newer)}

    def test_a_commit_of_another_repository_is_refused(
        self, source: SourceRepository, team: Team
    ) -> None:
        stray, newest = "e" * 40, team.commit()
        with pytest.raises(VersionError, match="no branch or tag leads to it"):
            source.commit(stray)
        with pytest.raises(VersionError, match="no branch or tag leads to it"):
            source.between(newest, stray)

    def test_all_is_new_since_a_commit_that_nothing_leads_to_any_more(
        self, source: SourceRepository, team: Team
    ) -> None:
        newest = team.commit()
        assert source.between("e" * 40, newest) == source.between(None, newest)


def _sha(source: SourceRepository, version: str) -> str:
    found = source.tagged(version)
    assert found is not None
    return found.sha


def _newest(source: SourceRepository) -> str:
    """As a release asks: for a tag first, which brings everything up to date."""
    source.tagged("v0.0.0")
    return source.newest_of_branch().sha

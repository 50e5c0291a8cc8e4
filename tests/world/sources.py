"""The team's repositories in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.world.versions import BY_COMMIT, VERSIONS, found, further_commit
from tidegate.errors import VersionError
from tidegate.ports import SourceRepository
from tidegate.stack.versions import tagged
from tidegate.versions import Commit, NamedCommit


def _lost(sha: str) -> VersionError:
    return VersionError(
        f"looking for the commit {sha[:12]}", "no branch or tag leads to it", "Push it"
    )


class MemorySource:
    """The team's repository: all its versions, one after the other."""

    def resolve(self, wanted: str) -> NamedCommit:
        made = found(wanted)
        return NamedCommit(made.name, made.commit)

    def tagged(self, version: str) -> Commit | None:
        return VERSIONS[version].commit if version in VERSIONS else None

    def newest_of_branch(self) -> Commit:
        return [*VERSIONS.values()][-1].commit

    def commit(self, sha: str) -> Commit:
        if sha not in BY_COMMIT:
            raise _lost(sha)
        return BY_COMMIT[sha].commit

    def between(self, old: str | None, new: str) -> list[Commit]:
        newest = self.commit(new)
        return [] if old == new else [newest]

    def export(self, commit: str, into: Path) -> Mapping[str, str]:
        if any(into.iterdir()):
            raise VersionError(
                f"exporting {commit[:12]}",
                f"the folder {into.name!r} is not empty",
                "Give an empty one",
            )
        return {}

    def files(self, commit: str, places: Collection[str]) -> Mapping[str, str]:
        """A folder for each service, of which that of the database is another one in v1.0.1."""
        made = BY_COMMIT[commit]
        there = {"db/Dockerfile": "of-the-file", "db/init.sql": made.base, "app.py": made.sha}
        return {
            path: told
            for path, told in there.items()
            if any(path == one or path.startswith(f"{one}/") for one in places)
        }

    def text(self, commit: str, path: str) -> str:
        return "FROM mysql:8\nCOPY init.sql /docker-entrypoint-initdb.d/\n"


@dataclass
class MemoryFurther(MemorySource):
    """A further repository, whose tags and branch a test moves: each leads to what a version has in
    it."""

    tags: dict[str, str] = field(default_factory=dict)
    """Tag -> name of that version."""
    branch: str = "v1.0.0"
    is_away: bool = False
    lost: set[str] = field(default_factory=set)
    """Hashes that no branch or tag leads to any more."""

    def __getattribute__(self, name: str) -> Any:
        """Whatever is asked of it fails while it is away, so that a test sees who asks."""
        if name in vars(SourceRepository) and super().__getattribute__("is_away"):
            raise VersionError(
                "fetching the repository of shop (workers)",
                "git said 'no connection'",
                "Check source.further.workers.repository and the worker's access to it",
            )
        return super().__getattribute__(name)

    def tagged(self, version: str) -> Commit | None:
        made = tagged(version, self.tags)
        return further_commit(made) if made else None

    def newest_of_branch(self) -> Commit:
        return further_commit(self.branch)

    def commit(self, sha: str) -> Commit:
        known = {one.sha: one for one in map(further_commit, VERSIONS)}
        if sha not in known or sha in self.lost:
            raise _lost(sha)
        return known[sha]

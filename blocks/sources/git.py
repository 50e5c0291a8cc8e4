"""A stack's git repository, kept as a bare mirror: what can be released, and the files of a
commit."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from blocks.sources.export import unpack
from blocks.sources.mirror import Mirror
from tidegate.errors import VersionError
from tidegate.secrecy.outside_text import one_line
from tidegate.stack.file import Stack
from tidegate.stack.formats import repository_fault
from tidegate.stack.versions import is_version_tag, newest_first, resolve, tagged
from tidegate.versions import MAIN, Commit, NamedCommit

MOST_SUBJECT = 200
MOST_NAME = 80
_SHA = re.compile(r"[0-9a-f]{40}")
_REMOTE = re.compile(r"([a-z][a-z0-9+]*://|[^/]+@[^/]+:)", re.IGNORECASE)
_SUBMODULE = "160000 "
_COMMIT = "%H%x00%s%x00%an%x00%cI"
# `*`: what an annotated tag points to
_REF = "%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"


@dataclass(frozen=True)
class GitSource:
    """One repository of a stack. Raises VersionError; one that may succeed later is retryable."""

    stack: str
    repository: str
    branch: str
    """Of a further repository, empty where the stack file names none."""
    home: Path
    """Where mirrors are kept: `<home>/sources/<stack>.git`, `<home>/sources/<stack>.<name>.git`.
    Processes of one machine share them safely."""
    timeout_seconds: float = 120
    name: str = MAIN
    """Of a further repository."""

    def __post_init__(self) -> None:
        # The address itself is not shown: it may hold a credential.
        if fault := repository_fault(self.repository):
            raise VersionError(
                f"reading {self._key}.repository of {self.stack}",
                f"it {fault}",
                "Correct it in stack.yaml",
            )
        if self.branch.startswith("-"):
            raise VersionError(
                f"reading {self._key}.branch of {self.stack}", "it begins with `-`", "Correct it"
            )

    @classmethod
    def of(cls, stack: Stack, home: Path) -> Self:
        """The repository a stack file names: a URL, or a path relative to the stack file's
        folder."""
        source = stack.built_from
        return cls(stack.name, _address(stack, source.repository), source.branch, home)

    @classmethod
    def further_of(cls, stack: Stack, home: Path) -> dict[str, Self]:
        """The further repositories it names, each by its name there."""
        further = stack.source.further if stack.source else {}
        return {
            name: cls(
                stack.name, _address(stack, one.repository), one.branch or "", home, name=name
            )
            for name, one in further.items()
        }

    @property
    def mirror(self) -> Mirror:
        folder = ".".join(filter(None, (self.stack, self.name, "git")))
        return Mirror(self.home / "sources" / folder, self.timeout_seconds, self._key)

    @property
    def _key(self) -> str:
        """Where the stack file speaks of it."""
        return f"source.further.{self.name}" if self.name else "source"

    @property
    def _title(self) -> str:
        return f"{self.stack} ({self.name})" if self.name else self.stack

    def fetch(self) -> None:
        """Bring the mirror up to date; the first call makes it. Branches and tags only: no pull
        request is released."""
        doing = f"fetching the repository of {self._title}"
        with self.mirror.alone(doing) as lock:
            self.mirror.make(doing)
            options = ("--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head")
            refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            fetch = ("fetch", *options, "--end-of-options", self.repository, *refs)
            self.mirror.git(*fetch, doing=doing, lock=lock)

    def refs(self) -> Mapping[str, str]:
        """Tags and branches as the repository has them now, `{"v1.1.0": full hash}`. A branch that
        is named like a version is left out: only a tag stands still."""
        self.fetch()
        branches, tags = self._named("refs/heads/"), self._named("refs/tags/")
        return {name: sha for name, sha in branches.items() if not is_version_tag(name)} | tags

    def resolve(self, wanted: str) -> NamedCommit:
        """What a person typed, as one commit that the stack's branch or a tag leads to."""
        refs = self.refs()
        try:
            name, sha = resolve(wanted, refs, self._releasable())
        except VersionError as error:
            doing = f"{error.doing} in {self.repository}"
            raise VersionError(doing, error.came_back, error.to_do) from None
        return NamedCommit(name, self.commit(sha))

    def tagged(self, version: str) -> Commit | None:
        """The commit of the tag that is called as this version of the stack's own repository."""
        sha = tagged(version, self.refs())
        return self.commit(sha) if sha else None

    def commits_of(self, versions: Collection[str]) -> dict[str, Commit]:
        """Of each version that a release would find one of: the commit of its tag, or else the
        newest of the branch."""
        refs = self.refs()
        return {one: commit for one in versions if (commit := self._meant_by(one, refs))}

    def _meant_by(self, version: str, refs: Mapping[str, str]) -> Commit | None:
        try:
            sha = tagged(version, refs)
        except VersionError:  # two tags answer to it, so none does
            return None
        if sha:
            return self.commit(sha)
        return self.newest_of_branch() if self._has_branch() else None

    def _has_branch(self) -> bool:
        return bool(self.branch) and self.mirror.has(f"refs/heads/{self.branch}")

    def newest_of_branch(self) -> Commit:
        """Of the branch that the stack file names, as it was fetched last."""
        head = f"refs/heads/{self.branch}"
        if not self._has_branch():
            raise VersionError(
                f"reading the branch {self.branch!r} of {self._title}",
                "there is no such branch",
                f"Correct {self._key}.branch in stack.yaml",
            )
        return self._log("--max-count=1", "--end-of-options", head)[0]

    def newest(self, most: int) -> list[NamedCommit]:
        """What can be released, newest first: version tags, and the branch's commits under their
        hashes."""
        tags = {name: sha for name, sha in self.refs().items() if is_version_tag(name)}
        commits = self._log(f"--max-count={most}", "--end-of-options", f"refs/heads/{self.branch}")
        tagged = [NamedCommit(name, self.commit(tags[name])) for name in newest_first(tags)[:most]]
        plain = [
            NamedCommit(f"sha-{one.sha[:7]}", one)
            for one in commits
            if one.sha not in tags.values()
        ]
        return sorted([*tagged, *plain], key=lambda one: one.commit.at, reverse=True)[:most]

    def between(self, old: str | None, new: str) -> list[Commit]:
        """The commits that `new` has and `old` has not, newest first; all of them where there is no
        `old`, or nothing leads to it any more."""
        known = self._known(new)
        is_there = old and _SHA.fullmatch(old) and self._has(old)
        return self._log("--end-of-options", f"{old}..{known}" if is_there else known)

    def commit(self, sha: str) -> Commit:
        """One commit by its full hash."""
        return self._log("--max-count=1", "--end-of-options", self._known(sha))[0]

    def export(self, commit: str, into: Path) -> Mapping[str, str]:
        """Write the files of `commit` into the empty or missing folder `into`, as a clone has them.

        Returns what git keeps elsewhere, path -> what it is: such a folder is empty, and such a
        file is a pointer.
        """
        doing = f"exporting {commit[:12]} of {self._title}"
        into.mkdir(parents=True, exist_ok=True)
        if any(into.iterdir()):
            raise VersionError(doing, f"the folder {into.name!r} is not empty", "Give an empty one")
        known = self._known(commit)
        self._leave_nothing_out()
        with tempfile.TemporaryFile() as archive:
            self.mirror.git(
                "archive", "--format=tar", "--end-of-options", known, doing=doing, stdout=archive
            )
            archive.seek(0)
            pointers = unpack(archive, into, known, doing)
        return {
            **dict.fromkeys(
                self._submodules(known), "a submodule, whose files are in another repository"
            ),
            **dict.fromkeys(pointers, "a pointer of Git LFS, not the file itself"),
        }

    def files(self, commit: str, places: Collection[str]) -> Mapping[str, str]:
        """The files of a commit in some of its folders, or that are named: path -> mode and id of
        the content. What is not there is left out."""
        known = self._known(commit)
        wanted = () if "." in places else sorted(places)
        return {path: told for told, path in self._tree(known, *wanted)}

    def text(self, commit: str, path: str) -> str:
        """One file of a commit. Raises VersionError where it has none."""
        known = self._known(commit)
        doing = f"reading {path} of {commit[:12]}"
        return self.mirror.git("cat-file", "blob", f"{known}:{path}", doing=doing).stdout

    def _leave_nothing_out(self) -> None:
        """`git archive` obeys attributes that `git clone` knows nothing of; the mirror's own have
        the last word."""
        attributes = self.mirror.folder / "info" / "attributes"
        attributes.parent.mkdir(exist_ok=True)
        if not attributes.is_file():
            attributes.write_text("* -export-ignore -export-subst\n")

    def _submodules(self, commit: str) -> list[str]:
        return [path for told, path in self._tree(commit) if told.startswith(_SUBMODULE)]

    def _tree(self, commit: str, *places: str) -> list[tuple[str, str]]:
        """Mode, kind and id of each file, and its path."""
        whole = ("ls-tree", "-r", "-z", "--full-tree", commit)
        doing = f"listing the files of {commit[:12]}"
        listed = self.mirror.git(*whole, "--", *places, doing=doing).stdout
        lines = (line.partition("\t") for line in listed.split("\0") if line)
        return [(told, path) for told, _, path in lines]

    def _named(self, prefix: str) -> dict[str, str]:
        listed = self.mirror.git(
            "for-each-ref", f"--format={_REF}", prefix, doing=f"listing the refs of {self._title}"
        ).stdout
        pairs = (line.split() for line in listed.splitlines())
        return {
            ref.removeprefix(prefix): found[-1] for ref, *found in pairs if found[-2] == "commit"
        }

    def _releasable(self) -> frozenset[str]:
        doing = f"listing the commits of {self._title} on the branch {self.branch!r}"
        return frozenset(
            self.mirror.git(
                "rev-list", f"refs/heads/{self.branch}", "--tags", "--", doing=doing
            ).stdout.split()
        )

    def _known(self, sha: str) -> str:
        """`sha` when the mirror has it, after one fetch if need be: another machine may have
        resolved it."""
        doing = f"looking for the commit {sha[:12]} of {self._title}"
        if not _SHA.fullmatch(sha):
            raise VersionError(
                doing, "it is not a full hash of 40 hex digits", "Resolve the version first"
            )
        if not self._has(sha):
            self.fetch()
        if not self._has(sha):
            raise VersionError(
                doing, "no branch or tag leads to it", "Push it, or choose another version"
            )
        return sha

    def _has(self, sha: str) -> bool:
        return self.mirror.has(f"{sha}^{{commit}}")

    def _log(self, *arguments: str) -> list[Commit]:
        doing = f"reading the commits of {self._title}"
        log = self.mirror.git("log", "-z", f"--format={_COMMIT}", *arguments, doing=doing).stdout
        parts = log.rstrip("\0").split("\0") if log else []
        return [
            Commit(
                sha,
                one_line(subject, MOST_SUBJECT),
                one_line(author, MOST_NAME),
                datetime.fromisoformat(at).astimezone(UTC),
            )
            for sha, subject, author, at in zip(*[iter(parts)] * 4, strict=True)
        ]


def _address(stack: Stack, named: str) -> str:
    return named if _REMOTE.match(named) else str((stack.folder / named).resolve())

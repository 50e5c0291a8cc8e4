"""A stack's git repository, kept as a bare mirror: what can be released, and the files of a
commit."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from blocks.command import run_command
from tidegate.errors import VersionError
from tidegate.facts import Outcome
from tidegate.secrecy.outside_text import one_line
from tidegate.stack.file import Stack
from tidegate.stack.formats import repository_fault
from tidegate.stack.versions import is_version_tag, newest_first, resolve
from tidegate.versions import Commit, NamedCommit
from tidegate.waiting import looks

if TYPE_CHECKING or sys.version_info >= (3, 11, 4):
    import tarfile
else:
    from backports import (
        tarfile,
    )  # an older one, as Debian 12 has it, cannot keep a file in its folder

MOST_SUBJECT = 200
MOST_NAME = 80
_SHA = re.compile(r"[0-9a-f]{40}")
_REMOTE = re.compile(r"([a-z][a-z0-9+]*://|[^/]+@[^/]+:)", re.IGNORECASE)
_WILL_NOT_CHANGE = re.compile(
    r"authentication failed|could not read (username|password)|permission denied|not found|does not exist|"
    r"bad revision|does not appear to be a git repository|dubious ownership|host key verification failed",
    re.IGNORECASE,
)
FOLDER_MODE = 0o755
_SUBMODULE = "160000 "
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LARGEST_POINTER = 1024  # bytes, as the specification of Git LFS says
_COMMIT = "%H%x00%s%x00%an%x00%cI"
_REF = "%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"  # `*`: what an annotated tag points to


@dataclass(frozen=True)
class GitSource:
    """The repository of one stack. Raises VersionError; one that may succeed later is retryable."""

    stack: str
    repository: str
    branch: str
    home: Path
    """Where mirrors are kept: `<home>/sources/<stack>.git`. Processes of one machine share it
    safely."""
    timeout_seconds: float = 120

    def __post_init__(self) -> None:
        if fault := repository_fault(
            self.repository
        ):  # the address itself is not shown: it may hold a credential
            raise VersionError(
                f"reading source.repository of {self.stack}",
                f"it {fault}",
                "Correct it in stack.yaml",
            )
        if self.branch.startswith("-"):
            raise VersionError(
                f"reading source.branch of {self.stack}", "it begins with `-`", "Correct it"
            )

    @classmethod
    def of(cls, stack: Stack, home: Path) -> Self:
        """The repository a stack file names: a URL, or a path relative to the stack file's
        folder."""
        named = stack.built_from.repository
        repository = named if _REMOTE.match(named) else str((stack.folder / named).resolve())
        return cls(stack.name, repository, stack.built_from.branch, home)

    @property
    def mirror(self) -> Path:
        return self.home / "sources" / f"{self.stack}.git"

    def fetch(self) -> None:
        """Bring the mirror up to date; the first call makes it. Branches and tags only: no pull
        request is released."""
        doing = f"fetching the repository of {self.stack}"
        with self._alone(doing) as lock:
            self._git(
                "init",
                "--quiet",
                "--bare",
                "--template=",
                "--end-of-options",
                str(self.mirror),
                doing=doing,
            )
            _forget_killed_attempts(self.mirror)
            self._git(
                "fetch",
                "--quiet",
                "--prune",
                "--force",
                "--no-tags",
                "--no-write-fetch-head",
                "--end-of-options",
                self.repository,
                "+refs/heads/*:refs/heads/*",
                "+refs/tags/*:refs/tags/*",
                doing=doing,
                lock=lock,
            )

    def refs(self) -> Mapping[str, str]:
        """Tags and branches as the repository has them now, `{"v1.1.0": full hash}`. A branch that
        is named like a version is left out: only a tag stands still."""
        self.fetch()
        branches, tags = self._named("refs/heads/"), self._named("refs/tags/")
        return {name: sha for name, sha in branches.items() if not is_version_tag(name)} | tags

    def resolve(self, wanted: str) -> NamedCommit:
        """What a person typed, as one commit that the stack's branch or a tag leads to."""
        refs = self.refs()
        name, sha = resolve(wanted, refs, self._releasable())
        return NamedCommit(name, self.commit(sha))

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
        `old`."""
        wanted = f"{self._known(old)}..{self._known(new)}" if old else self._known(new)
        return self._log("--end-of-options", wanted)

    def commit(self, sha: str) -> Commit:
        """One commit by its full hash."""
        return self._log("--max-count=1", "--end-of-options", self._known(sha))[0]

    def export(self, commit: str, into: Path) -> Mapping[str, str]:
        """Write the files of `commit` into the empty or missing folder `into`, as a clone has them.

        Returns what git keeps elsewhere, path -> what it is: such a folder is empty, and such a
        file is a pointer.
        """
        doing = f"exporting {commit[:12]} of {self.stack}"
        into.mkdir(parents=True, exist_ok=True)
        if any(into.iterdir()):
            raise VersionError(doing, f"the folder {into.name!r} is not empty", "Give an empty one")
        known = self._known(commit)
        self._leave_nothing_out()
        with tempfile.TemporaryFile() as archive:
            self._git(
                "archive", "--format=tar", "--end-of-options", known, doing=doing, stdout=archive
            )
            archive.seek(0)
            pointers = _unpack(archive, into, known, doing)
        return {
            **dict.fromkeys(
                self._submodules(known), "a submodule, whose files are in another repository"
            ),
            **dict.fromkeys(pointers, "a pointer of Git LFS, not the file itself"),
        }

    def _leave_nothing_out(self) -> None:
        """`git archive` obeys attributes that `git clone` knows nothing of; the mirror's own have
        the last word."""
        attributes = self.mirror / "info" / "attributes"
        attributes.parent.mkdir(exist_ok=True)
        if not attributes.is_file():
            attributes.write_text("* -export-ignore -export-subst\n")

    def _submodules(self, commit: str) -> list[str]:
        listed = self._git(
            "ls-tree",
            "-r",
            "-z",
            "--full-tree",
            commit,
            doing=f"listing the files of {commit[:12]}",
        ).stdout
        return [
            line.partition("\t")[2] for line in listed.split("\0") if line.startswith(_SUBMODULE)
        ]

    def _named(self, prefix: str) -> dict[str, str]:
        listed = self._git(
            "for-each-ref", f"--format={_REF}", prefix, doing=f"listing the refs of {self.stack}"
        ).stdout
        pairs = (line.split() for line in listed.splitlines())
        return {
            ref.removeprefix(prefix): found[-1] for ref, *found in pairs if found[-2] == "commit"
        }

    def _releasable(self) -> frozenset[str]:
        doing = f"listing the commits of {self.stack} on the branch {self.branch!r}"
        return frozenset(
            self._git(
                "rev-list", f"refs/heads/{self.branch}", "--tags", "--", doing=doing
            ).stdout.split()
        )

    def _known(self, sha: str) -> str:
        """`sha` when the mirror has it, after one fetch if need be: another machine may have
        resolved it."""
        doing = f"looking for the commit {sha[:12]} of {self.stack}"
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
        return (
            self.mirror.exists() and self._run("cat-file", "-e", f"{sha}^{{commit}}").exit_code == 0
        )

    def _log(self, *arguments: str) -> list[Commit]:
        doing = f"reading the commits of {self.stack}"
        log = self._git("log", "-z", f"--format={_COMMIT}", *arguments, doing=doing).stdout
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

    def _git(
        self, *arguments: str, doing: str, stdout: IO[bytes] | None = None, lock: int | None = None
    ) -> Outcome:
        outcome = self._run(*arguments, stdout=stdout, lock=lock, doing=doing)
        if outcome.exit_code != 0:
            said = _last_line(outcome.stderr)
            raise VersionError(
                doing,
                f"git said {said!r}",
                "Check source.repository and the worker's access to it",
                retryable=not _WILL_NOT_CHANGE.search(outcome.stderr),
            )
        return outcome

    def _run(
        self,
        *arguments: str,
        doing: str = "running git",
        stdout: IO[bytes] | None = None,
        lock: int | None = None,
    ) -> Outcome:
        command = [
            "git",
            "-c",
            "gc.autoDetach=false",
            "-c",
            "gc.pruneExpire=never",  # what was released stays
            f"--git-dir={self.mirror}",
            *arguments,
        ]
        try:
            return run_command(
                command,
                environment=_environment(),
                timeout_seconds=self.timeout_seconds,
                stdout=stdout,
                inherit=() if lock is None else (lock,),
            )
        except TimeoutError as error:
            raise VersionError(
                doing, str(error), "Check the network to the repository", retryable=True
            ) from None
        except OSError as error:
            raise VersionError(
                doing, f"git did not start ({error.strerror})", "Install git on the worker"
            ) from None

    @contextlib.contextmanager
    def _alone(self, doing: str) -> Iterator[int]:
        """Hold the mirror's lock. git inherits it, so that it stays locked when this process dies
        before git does."""
        self.mirror.parent.mkdir(parents=True, exist_ok=True)
        with self.mirror.with_suffix(".lock").open("a") as file:
            _lock(file.fileno(), self.timeout_seconds, doing)
            yield file.fileno()


def _lock(file: int, timeout_seconds: float, doing: str) -> None:
    for _ in looks(timeout_seconds, 0.05):
        with suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    raise VersionError(
        doing,
        f"another process has been fetching it for {timeout_seconds:g} s",
        "Wait for it to end",
        retryable=True,
    )


def _forget_killed_attempts(mirror: Path) -> None:
    """git refuses a ref whose lock file a killed git left behind. We hold the mirror's own lock:
    nobody uses them."""
    for stale in [*mirror.glob("*.lock"), *(mirror / "refs").rglob("*.lock")]:
        stale.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """Never a question at a terminal; a connection that stands still is given up."""
    return {
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=15",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1",
        "GIT_HTTP_LOW_SPEED_TIME": "30",
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"


def _of_commit(sha: str, member: tarfile.TarInfo, into: str) -> tarfile.TarInfo | None:
    """As it goes into images. Folders: the application's user must be able to enter them, whatever
    our umask is. Files: of this commit by their time too. git gives all of them that of the commit,
    in whole seconds, and BuildKit takes a file of the same time and size for the same file."""
    safe = tarfile.data_filter(member, into)
    if safe.isdir():
        return safe.replace(mode=FOLDER_MODE, deep=False)
    return safe.replace(mtime=int(member.mtime) + int(sha[:6], 16) / 16**6, deep=False)


def _unpack(archive: IO[bytes], into: Path, sha: str, doing: str) -> list[str]:
    """Returns the files that are pointers of Git LFS."""
    try:
        with tarfile.open(fileobj=archive, mode="r:") as tar:
            tar.extractall(into, filter=partial(_of_commit, sha))
            small = [
                one.name for one in tar.getmembers() if one.isreg() and one.size < _LARGEST_POINTER
            ]
    except tarfile.FilterError as error:
        raise VersionError(
            doing,
            f"the commit holds a file that would leave its folder ({error})",
            "Remove that link from the repository",
        ) from None
    return [name for name in small if (into / name).read_bytes().startswith(_LFS_POINTER)]


def git_keeps(file: Path) -> bool:
    """Whether a file of a team's folder is in its repository. False where there is no repository,
    or no git."""
    try:
        asked = run_command(
            ("git", "-C", str(file.parent), "ls-files", "--error-unmatch", "--", file.name),
            environment=os.environ,
            timeout_seconds=10,
        )
    except OSError:
        return False
    return asked.exit_code == 0

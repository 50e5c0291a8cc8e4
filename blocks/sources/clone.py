"""A folder of a person's own machine, as git knows it: where it comes from, and what of it can be
released."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from blocks.command import run_command
from tidegate.errors import VersionError
from tidegate.proposal.look import Repository
from tidegate.stack.formats import repository_fault
from tidegate.stack.versions import newest_first

ENV_FILES = (":(glob)**/.env", ":(glob)**/.env.*", ":(glob)**/*.env")
MOST_VERSIONS = 100
_TEMPLATE = re.compile(r"example|sample|template|dist\Z", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True)
class Clone:
    """Asks git alone, never the network. What git does not know is empty."""

    folder: Path
    timeout_seconds: float = 10

    def repository(self) -> Repository:
        """Its `origin`; the clone itself where there is none, or where its address holds a
        password."""
        inside = self._said("rev-parse", "--show-prefix").strip("/")
        origin = self._said("remote", "get-url", "origin")
        address = (
            origin
            if origin and not repository_fault(origin)
            else "/".join([".."] * len(Path(inside).parts)) or "."
        )
        branch = self._said("symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix(
            "origin/"
        )
        branch = branch or self._said("symbolic-ref", "--short", "HEAD") or "main"
        return Repository(address, branch, inside or ".", self._newest(), self._tracked())

    def env_files_once_committed(self) -> Mapping[str, str]:
        """Every version of every env file that any branch or tag has had, by path and commit.
        Raises VersionError where git takes too long: then nobody knows."""
        listed = self._said(
            "log",
            "--all",
            "--diff-filter=AM",
            "--format=%h",
            "--name-only",
            "--",
            *ENV_FILES,
            must_end=True,
        )
        seen: dict[str, str] = {}
        commit = ""
        for line in listed.splitlines():
            if _HASH.fullmatch(line):
                commit = line
            elif line and not _TEMPLATE.search(line) and len(seen) < MOST_VERSIONS:
                seen[f"{line} ({commit})"] = self._said("show", f"{commit}:{line}")
        return seen

    def _tracked(self) -> frozenset[str]:
        top = self._said("rev-parse", "--show-toplevel")
        listed = self._said("ls-files", "-z", "--full-name", ":/") if top else ""
        return frozenset(f"{top}/{name}" for name in listed.split("\0") if name)

    def _newest(self) -> str:
        """The newest version tag; where there is none, the commit that is checked out."""
        tags = newest_first(self._said("tag", "--merged", "HEAD").split())
        commit = self._said("rev-parse", "--short=7", "--verify", "HEAD")
        return tags[0] if tags else f"sha-{commit}" if commit else ""

    def _said(self, *words: str, must_end: bool = False) -> str:
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        try:
            asked = run_command(
                ("git", "-C", str(self.folder), *words),
                environment=environment,
                timeout_seconds=self.timeout_seconds,
            )
        except OSError:
            return ""
        except TimeoutError as error:
            if must_end:
                raise VersionError(
                    "looking through the history of git",
                    str(error),
                    "Look for env files in it yourself",
                ) from None
            return ""
        return asked.stdout.strip() if asked.exit_code == 0 else ""

"""A folder of a person's own machine, as git knows it: where it comes from, and what of it can be released."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from blocks.command import run_command
from tidegate.proposal.look import Repository
from tidegate.stack.formats import repository_fault
from tidegate.stack.versions import newest_first


@dataclass(frozen=True)
class Clone:
    """Asks git alone, never the network. What git does not know is empty."""

    folder: Path
    timeout_seconds: float = 10

    def repository(self) -> Repository:
        """Its `origin`; the clone itself where there is none, or where its address holds a password."""
        inside = self._said("rev-parse", "--show-prefix").strip("/")
        origin = self._said("remote", "get-url", "origin")
        address = origin if origin and not repository_fault(origin) else "/".join([".."] * len(Path(inside).parts)) or "."
        branch = self._said("symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
        branch = branch or self._said("symbolic-ref", "--short", "HEAD") or "main"
        return Repository(address, branch, inside or ".", self._newest())

    def _newest(self) -> str:
        """The newest version tag; where there is none, the commit that is checked out."""
        tags = newest_first(self._said("tag", "--merged", "HEAD").split())
        commit = self._said("rev-parse", "--short=7", "--verify", "HEAD")
        return tags[0] if tags else f"sha-{commit}" if commit else ""

    def _said(self, *words: str) -> str:
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        try:
            asked = run_command(("git", "-C", str(self.folder), *words), environment=environment,
                                timeout_seconds=self.timeout_seconds)
        except (OSError, TimeoutError):
            return ""
        return asked.stdout.strip() if asked.exit_code == 0 else ""

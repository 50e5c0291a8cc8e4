"""A bare clone on this machine, and git that works in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from blocks.command import run_command
from tidegate.errors import VersionError
from tidegate.facts import Outcome
from tidegate.waiting import looks

_WILL_NOT_CHANGE = re.compile(
    r"authentication failed|could not read (username|password)|permission denied|"
    r"not found|does not exist|"
    r"bad revision|does not appear to be a git repository|dubious ownership|"
    r"host key verification failed",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mirror:
    """One mirror. Raises VersionError; one that may succeed later is retryable."""

    folder: Path
    timeout_seconds: float
    key: str
    """Where the stack file names its repository, such as `source`."""

    def make(self, doing: str) -> None:
        """Where there is none yet. The mirror's lock must be held."""
        init = ("init", "--quiet", "--bare", "--template=", "--end-of-options", str(self.folder))
        self.git(*init, doing=doing)
        _forget_killed_attempts(self.folder)

    def has(self, thing: str) -> bool:
        """Whether git finds `thing` here, such as a hash."""
        return self.folder.exists() and self._run("cat-file", "-e", thing).exit_code == 0

    def git(
        self, *arguments: str, doing: str, stdout: IO[bytes] | None = None, lock: int | None = None
    ) -> Outcome:
        outcome = self._run(*arguments, stdout=stdout, lock=lock, doing=doing)
        if outcome.exit_code != 0:
            said = _last_line(outcome.stderr)
            raise VersionError(
                doing,
                f"git said {said!r}",
                f"Check {self.key}.repository and the worker's access to it",
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
            f"--git-dir={self.folder}",
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
    def alone(self, doing: str) -> Iterator[int]:
        """Hold the mirror's lock. git inherits it, so that it stays locked when this process dies
        before git does."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self.folder.with_suffix(".lock").open("a") as file:
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

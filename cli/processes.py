"""Background processes of the control plane: started once, found again after a restart of ours,
stopped by id."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate.secrecy.kept import private_folder, private_umask
from tidegate.waiting import looks

STOP_SECONDS = 20


@dataclass(frozen=True)
class Background:
    """One background process with its pid file and log under `folder`."""

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def pid(self) -> int | None:
        """The process we started, if it is still that process: a pid that was given to another one
        is not ours."""
        try:
            record = json.loads(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return record["pid"] if _started_at(record["pid"]) == record["started_at"] else None

    def has_died(self) -> bool:
        """Whether we started it, and it ended without being stopped."""
        return self._pid_file.exists() and self.pid() is None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Start unless it runs already. Returns the pid."""
        if running := self.pid():
            return running
        private_folder(self.folder)
        with private_umask():
            pid = _spawn(command, environment, self.log)
            self._pid_file.write_text(json.dumps({"pid": pid, "started_at": _started_at(pid)}))
        return pid

    def stop(self) -> bool:
        """SIGTERM to its process group, SIGKILL when it does not end. True if it ran."""
        pid = self.pid()
        if pid is not None:
            _end(pid, self)
        self._pid_file.unlink(missing_ok=True)
        return pid is not None

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Of all commands that start or stop what has its pid files in `folder`, one works; the others
    wait for it."""
    private_folder(folder)
    with private_umask(), (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # it ends with this process, however that ends
        yield


def _spawn(command: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
    """In a session of its own, so that it outlives us. `subprocess` would warn of a child that is
    left running on purpose."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], list(command), environment, file_actions=files, setsid=True)


def _end(pid: int, process: Background) -> None:
    os.killpg(pid, signal.SIGTERM)
    for _ in looks(STOP_SECONDS, 0.1):
        _reap(pid)
        if process.pid() is None:
            return
    os.killpg(pid, signal.SIGKILL)


def _reap(pid: int) -> None:
    """Collect it where it is our own child, so that it does not stay as a zombie which looks
    alive."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _started_at(pid: int) -> str | None:
    """Start time in clock ticks since boot: field 22 of /proc/PID/stat, proc(5). None for one that
    ended, even if unreaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (
        FileNotFoundError,
        ProcessLookupError,
    ):  # the latter when it ends between opening and reading
        return None
    return None if fields[0] == "Z" else fields[19]

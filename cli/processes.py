"""Background processes of the control plane: started once, found again after a restart of ours, stopped by id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
        """The process we started, if it is still that process: a pid that was given to another one is not ours."""
        try:
            record = json.loads(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return record["pid"] if _started_at(record["pid"]) == record["started_at"] else None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Start unless it runs already. Returns the pid."""
        if running := self.pid():
            return running
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True)
        self._pid_file.write_text(json.dumps({"pid": process.pid, "started_at": _started_at(process.pid)}))
        return process.pid

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


def _end(pid: int, process: Background) -> None:
    os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while process.pid() is not None and time.monotonic() < deadline:
        _reap(pid)
        time.sleep(0.1)
    if process.pid() is not None:
        os.killpg(pid, signal.SIGKILL)


def _reap(pid: int) -> None:
    """Collect it where it is our own child, so that it does not stay as a zombie which looks alive."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _started_at(pid: int) -> str | None:
    """Start time in clock ticks since boot: field 22 of /proc/PID/stat, proc(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except FileNotFoundError:
        return None

"""One command of this machine, run to its end: never through a shell, never without a timeout."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from tidegate.facts import Outcome


def run_command(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout_seconds: float,
    stdin: bytes = b"",
    stdout: IO[bytes] | None = None,
    inherit: Sequence[int] = (),
) -> Outcome:
    """Run `command` with exactly `environment`. `stdout` takes the output in place of the outcome;
    `inherit` are file descriptors the command keeps open. Raises TimeoutError, and OSError when it
    cannot be started."""
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        pass_fds=tuple(inherit),
        start_new_session=True,
    )
    with process:
        try:
            out, err = process.communicate(stdin, timeout=timeout_seconds)
        except BaseException as error:
            # its children too: they hold the pipes and the network connection
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimeoutError(f"no end after {timeout_seconds:g} s") from None
            raise
    return Outcome(
        process.returncode, (out or b"").decode(errors="replace"), err.decode(errors="replace")
    )


def follow_command(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout_seconds: float,
    stdin: bytes,
    hear: Callable[[str], None],
) -> int:
    """Run `command` as `run_command` does, and give each line of its two outputs to `hear` at once.
    Returns its exit code."""
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            list(command),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    late = threading.Event()
    timer = threading.Timer(timeout_seconds, _end, (process, late))
    with process:
        timer.start()
        try:
            for line in process.stdout or ():
                hear(line.decode(errors="replace").rstrip("\r\n"))
            process.wait()
        except BaseException:
            _end(process)
            raise
        finally:
            timer.cancel()
    if late.is_set():
        raise TimeoutError(f"no end after {timeout_seconds:g} s")
    return process.returncode


def _end(process: subprocess.Popen[bytes], late: threading.Event | None = None) -> None:
    """Its children too: they hold the pipes and the network connection."""
    if late:
        late.set()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)

"""One command of this machine, run to its end: never through a shell, never without a timeout."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from tidegate.facts import Outcome


def run_command(command: Sequence[str], *, environment: Mapping[str, str], timeout_seconds: float, stdin: bytes = b"",
                stdout: IO[bytes] | None = None, inherit: Sequence[int] = ()) -> Outcome:
    """Run `command` with exactly `environment`. `stdout` takes the output in place of the outcome; `inherit` are file
    descriptors the command keeps open. Raises TimeoutError, and OSError when it cannot be started."""
    process = subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=stdout or subprocess.PIPE,
                               stderr=subprocess.PIPE, env=dict(environment), pass_fds=tuple(inherit),
                               start_new_session=True)
    with process:
        try:
            out, err = process.communicate(stdin, timeout=timeout_seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)   # its children too: they hold the pipes and the network connection
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimeoutError(f"no end after {timeout_seconds:g} s") from None
            raise
    return Outcome(process.returncode, (out or b"").decode(errors="replace"), err.decode(errors="replace"))

"""`python -m cli.warm_start`: what the worker starts for a run. It asks the zygote for a process in which everything is
imported already, and stands for it: signals go in, the exit status comes out. Where no zygote answers it becomes the cold
start, which is the worker's own command.

Imports nothing but the standard library, because its own start is part of the way back.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
from typing import NoReturn

SOCKET_VARIABLE = "TIDEGATE_ZYGOTE"
ANSWER_SECONDS = 2.0
READY, GO = b"r", b"g"
STATUS = struct.Struct("!i")


def main() -> None:
    connection = ask_for_process(os.environ.get(SOCKET_VARIABLE, ""))
    if connection is None:
        start_cold()
    follow(connection)


def ask_for_process(path: str) -> socket.socket | None:
    """A connection to the process of the run, which has its word to begin; None when the run must start cold.

    The zygote may come back after we have given up, so it begins only at GO: no run starts twice."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.connect(path)
        socket.send_fds(connection, [b"?"], [_request(), sys.stdout.fileno(), sys.stderr.fileno()])
        if connection.recv(1) == READY:
            connection.sendall(GO)
            connection.settimeout(None)
            return connection
        reason = "it is closing"
    except OSError as error:
        reason = str(error)
    print(f"No warm process from the zygote ({reason}): this run starts cold, which takes some seconds more",
          file=sys.stderr, flush=True)
    connection.close()
    return None


def start_cold() -> NoReturn:
    os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])


def follow(connection: socket.socket) -> NoReturn:
    """Pass signals on and end as the run's process ends, so that the worker sees what it would see of its own child."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: connection.sendall(bytes([number])))
    answer = connection.recv(STATUS.size)
    code = STATUS.unpack(answer)[0] if len(answer) == STATUS.size else -signal.SIGKILL
    if code >= 0:
        sys.exit(code)
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
    sys.exit(128 - code)


def _request() -> int:
    """A descriptor with the environment and directory of the run: in memory, because the environment may hold secrets."""
    descriptor = os.memfd_create("tidegate-run")
    with open(descriptor, "w", closefd=False) as file:
        json.dump({"environment": dict(os.environ), "directory": os.getcwd()}, file)
    return descriptor


if __name__ == "__main__":
    main()

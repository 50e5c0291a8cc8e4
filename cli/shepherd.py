"""Between the one that asked for a run's process and that process: signals one way, exit status the other way."""

from __future__ import annotations

import os
import select
import signal
import socket

from cli.warm_run import become_run
from cli.warm_start import ANSWER_SECONDS, GO, READY, STATUS


def shepherd(connection: socket.socket) -> None:
    """In a process of its own, until the run's process has ended."""
    os.setsid()   # stopping the zygote's group ends no run
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptors = _agree(connection)
    if descriptors is None:
        return
    run = os.fork()
    if run == 0:
        connection.close()
        become_run(*descriptors)
    for descriptor in descriptors:
        os.close(descriptor)   # the worker reads the output until its last holder closes it
    _tend(run, connection)


def _agree(connection: socket.socket) -> list[int] | None:
    """Request, output and errors; None when the asker gave up waiting, and starts cold."""
    connection.settimeout(ANSWER_SECONDS)
    try:
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
        connection.sendall(READY)
        agreed = connection.recv(1) == GO
    except (ConnectionError, TimeoutError):
        return None
    connection.settimeout(None)
    return descriptors if agreed else None


def _tend(run: int, connection: socket.socket) -> None:
    ended = os.pidfd_open(run)
    while True:
        ready, _, _ = select.select([ended, connection.fileno()], [], [])
        if ended in ready:
            _, status = os.waitpid(run, 0)
            connection.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))
            return
        if not _pass_on(connection, run):
            os.killpg(run, signal.SIGKILL)
            return


def _pass_on(connection: socket.socket, run: int) -> bool:
    """False when the asker is gone: killed, as the worker does to a run that does not end."""
    try:
        numbers = connection.recv(8)
    except ConnectionError:
        return False
    for number in numbers:
        os.kill(run, number)
    return bool(numbers)

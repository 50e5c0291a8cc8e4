"""A network for a browser alone: a loopback interface, on which nothing listens but what leads to
ports of this machine.

A browser drops what it is loading whenever a network of its machine comes or goes, and the tests
beside it make networks of containers all the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import shlex
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1  # linux/sockios.h, linux/if.h
_CHUNK = 1 << 16


@contextmanager
def program_in_own_network(program: str, ports: Sequence[int], folder: Path) -> Iterator[Path]:
    """A script in `folder` that runs `program` there. Each of `ports` is found at the same
    number."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        holder = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno()), *map(str, ports)],
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        try:
            _, doors, _, _ = socket.recv_fds(ours, 1, len(ports))
            assert len(doors) == len(ports), "no network for the browser: it takes root"
            with _relay(dict(zip(doors, ports, strict=True))):
                yield _script(folder, holder.pid, program)
        finally:
            ours.close()
            holder.wait()


def _script(folder: Path, holder: int, program: str) -> Path:
    script = folder / "in-own-network"
    script.write_text(
        f'#!/bin/sh\nexec nsenter --net=/proc/{holder}/ns/net {shlex.quote(program)} "$@"\n'
    )
    script.chmod(0o700)
    return script


@contextmanager
def _relay(doors: Mapping[int, int]) -> Iterator[None]:
    """From listening sockets, by descriptor, to ports of this machine. A thread of its own: the
    test's own loop belongs to the browser."""
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(_serve(doors, over),))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


async def _serve(doors: Mapping[int, int], over: asyncio.Event) -> None:
    talks = set[asyncio.Task[None]]()

    async def talk(port: int, *of_browser: Any) -> None:
        this = asyncio.current_task()
        assert this is not None
        talks.add(this)
        this.add_done_callback(talks.discard)
        await _lead(port, *of_browser)

    servers = [
        await asyncio.start_server(partial(talk, port), sock=socket.socket(fileno=door))
        for door, port in doors.items()
    ]
    await over.wait()
    for server in servers:
        server.close()
    for one in talks:
        one.cancel()
    await asyncio.gather(*talks, return_exceptions=True)


async def _lead(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        from_port, to_port = await asyncio.open_connection(LOOPBACK, port)
        with contextlib.closing(to_port):
            await asyncio.gather(_copy(reader, to_port), _copy(from_port, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.close()


def main() -> None:
    """Make the network, hand its doors to who has the other end of the channel, and keep it until
    that is closed."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a network for the browser")
    with socket.socket() as any_socket:
        up = struct.pack("16sH14x", b"lo", _IFF_UP)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, up)
    doors = [socket.create_server((LOOPBACK, int(port))) for port in sys.argv[2:]]
    socket.send_fds(channel, [b"."], [door.fileno() for door in doors])
    channel.recv(1)


if __name__ == "__main__":
    main()

"""One conversation with a process in a container: stdin in, stdout and stderr apart from each
other, by a deadline."""

from __future__ import annotations

import contextlib
import io
import math
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO, cast

_STDERR = 2
_CHUNK = 1 << 16


class OverdueError(Exception):
    """The deadline passed while the process was still talking, or silent."""


class FloodError(Exception):
    """The process said more than it may."""


class LocalStreamError(Exception):
    """Reading our stdin or writing our stdout failed: `cause` is not the engine's fault."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


class Conversation:
    """Feeds `stdin` from a thread of its own and sorts the engine's frames into `stdout` and
    stderr.

    The engine frames both outputs with 8 bytes each: stream number, three zeros, size (Docker
    Engine API, "Attach").
    """

    def __init__(
        self,
        stream: Any,
        stdin: BinaryIO | None,
        stdout: BinaryIO,
        timeout_seconds: float,
        most_bytes: float = math.inf,
    ) -> None:
        self._stream, self._stdin, self._stdout = stream, stdin, stdout
        self._left = most_bytes
        self._socket = cast(socket.socket, getattr(stream, "_sock", stream))
        # The SDK hands out the bare socket, but what came together with the HTTP header already
        # lies in this buffer.
        self._reader = cast(io.BufferedReader, stream._response.raw._fp.fp)
        self._deadline = time.monotonic() + timeout_seconds
        self._feed_error: Exception | None = None
        self.stderr = bytearray()

    def hold(self) -> None:
        """Until the process closes its outputs. Raises OverdueError, FloodError, LocalStreamError,
        OSError."""
        feeder = threading.Thread(target=self._feed, name="tidegate-stdin", daemon=True)
        feeder.start()
        try:
            while header := self._read(8):
                self._sink(header[0])(self._frame(header))
        finally:
            self.close()
            feeder.join(timeout=5)
        if self._feed_error:
            raise LocalStreamError(self._feed_error)

    def _sink(self, number: int) -> Callable[[bytes], object]:
        return self.stderr.extend if number == _STDERR else self._write

    def _write(self, data: bytes) -> None:
        try:
            self._stdout.write(data)
        except Exception as error:
            raise LocalStreamError(error) from error

    def _frame(self, header: bytes) -> bytes:
        size = int.from_bytes(header[4:], "big")
        data = self._read(size)
        if len(header) < 8 or len(data) < size:
            raise ConnectionResetError("the engine hung up in the middle of a frame")
        self._left -= size
        if self._left < 0:
            raise FloodError
        return data

    def _read(self, size: int) -> bytes:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise OverdueError
        self._socket.settimeout(left)
        try:
            return self._reader.read(size)
        except TimeoutError:
            raise OverdueError from None

    def _feed(self) -> None:
        if self._stdin is None:
            return
        while chunk := self._next_chunk():
            # The command may end before it has read everything: its exit code says so, or the
            # reader's deadline does.
            try:
                self._socket.sendall(chunk)
            except OSError:
                return
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR if self._feed_error else socket.SHUT_WR)

    def _next_chunk(self) -> bytes:
        try:
            return self._stdin.read(_CHUNK) if self._stdin else b""
        except Exception as error:
            self._feed_error = error
            return b""

    def close(self) -> None:
        """Hang up; may be called again."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._stream._response.close()

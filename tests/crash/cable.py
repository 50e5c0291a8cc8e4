"""The network between a worker and a Docker host: a TCP port that leads to the engine, and that a
test can cut."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a reset instead of a polite end
CHUNK = 1 << 16
MOST_SECONDS = 10


class Cable:
    """From `port` of 127.0.0.1 to the Unix socket `engine`. Cut: what is open is reset, and what is
    new is refused."""

    def __init__(self, port: int, engine: str) -> None:
        self.port, self.engine = port, engine
        self._server: asyncio.Server | None = None
        self._open = set[asyncio.StreamWriter]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def mend(self) -> None:
        self._do(self._listen())

    def cut(self) -> None:
        self._do(self._break())

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(MOST_SECONDS)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(MOST_SECONDS)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def _break(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()
        await asyncio.sleep(0)  # their ends are reported in the loop's next round

    async def _end(self) -> None:
        """No connection outlives the loop: one that was still carried would be reported in somebody
        else's test."""
        await self._break()
        if carried := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(carried, timeout=MOST_SECONDS)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)  # at once: a cut may come before the engine has answered
        try:
            await self._connect(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_engine, to_engine = await asyncio.open_unix_connection(self.engine)
        self._open.add(to_engine)
        asked = asyncio.create_task(_pass_on(reader, to_engine))
        try:
            await _pass_on(from_engine, writer)  # until the engine has said all
        finally:
            asked.cancel()
            self._open.discard(to_engine)
            to_engine.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Also that nothing more comes: `docker exec` ends its stdin so."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()

"""The process of a run, as the worker sees it. Python's own fork server starts it and tells how it
ended."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from uuid import UUID

import anyio
import anyio.to_thread

from control.orders import Order
from control.run_body import CANCEL, carry_out

STATUS_LOST = 255
"""What the standard library says when the fork server was killed."""

_context = multiprocessing.get_context("forkserver")


def prepare_parent() -> None:
    """Start the fork server, which imports everything meanwhile. One that was killed is started
    again by the next run."""
    _context.set_forkserver_preload(["control.parent"])
    forkserver.ensure_running()


class RunProcess:
    """The process of a run, known by its id: it outlives the fork server and the worker."""

    def __init__(self, run: UUID, pid: int) -> None:
        self.run, self.pid = run, pid
        self._alive = _watch(pid)

    async def ended(self) -> int | None:
        """The exit code, below zero for a signal; None where nobody can know it."""
        if self._alive is not None:
            await _readable(self._alive)
        return None

    def cancel(self) -> None:
        self._send(os.kill, CANCEL)

    def kill(self) -> None:
        """With everything that it started."""
        self._send(os.killpg, signal.SIGKILL)

    def close(self) -> None:
        """Once it has ended."""
        if self._alive is not None:
            os.close(self._alive)

    def _send(self, how: Callable[[int, int], None], number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            how(self.pid, number)


class ForkedProcess(RunProcess):
    """One that this worker has started."""

    def __init__(self, order: Order, process: ForkServerProcess) -> None:
        super().__init__(order.run, process.pid or 0)
        self._process = process

    @classmethod
    async def start(cls, order: Order) -> ForkedProcess:
        """Raises OSError or EOFError when the fork server dies meanwhile, twice."""
        return cls(
            order, await _forked(carry_out, f"run {order.run}", str(order.run), order.entrypoint)
        )

    async def ended(self) -> int | None:
        """None where the exit code is lost, because the fork server was killed."""
        await super().ended()
        await _readable(self._process.sentinel)
        code = self._process.exitcode
        return None if code == STATUS_LOST else code

    def close(self) -> None:
        super().close()
        self._process.close()


async def carried_out(target: Callable[[], None], name: str, seconds: float) -> int | None:
    """The exit code of a process that has every flow imported and runs `target`. Raises
    TimeoutError after `seconds`, and OSError or EOFError as a run does; nothing is left running."""
    process = await _forked(target, name)
    try:
        with anyio.fail_after(seconds):
            await _readable(process.sentinel)
        return process.exitcode
    finally:
        process.kill()
        with anyio.CancelScope(shield=True):  # also where the worker itself is stopped
            await anyio.to_thread.run_sync(process.join)
        process.close()


async def _forked(target: Callable[..., None], name: str, *arguments: str) -> ForkServerProcess:
    """Raises OSError or EOFError when the fork server dies meanwhile, twice."""
    process = _context.Process(target=target, args=arguments, name=name)
    with contextlib.suppress(OSError, EOFError):
        await anyio.to_thread.run_sync(process.start)
        return process
    again = _context.Process(target=target, args=arguments, name=name)
    await anyio.to_thread.run_sync(again.start)
    return again


def _watch(pid: int) -> int | None:
    """A descriptor that is readable when the process has ended; None where it has already."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


async def _readable(descriptor: int) -> None:
    loop, seen = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, seen.set)
    try:
        await seen.wait()
    finally:
        loop.remove_reader(descriptor)

"""`tidegate run --foreground`: for a service manager or a container, which start again what
ended."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

from rich.console import Console

from cli.control_plane import ControlPlane
from cli.processes import Background, one_at_a_time
from cli.run import run, stop
from tidegate.errors import EngineError
from tidegate.settings import Settings


class Told(BaseException):
    """Somebody told us to end. No `except Exception` on the way holds it up."""


def stay(settings: Settings, console: Console) -> None:
    """Start what is missing, and return when told to stop, with everything stopped, or when
    `tidegate stop` has.

    `tidegate upgrade` replaces the processes under us. Raises EngineError when one of them ends by
    itself: the others go on, and whoever starts us again starts that one alone.
    """
    try:
        with told_by_signals():
            plane = run(settings, console)
            while not missing(plane):
                first_to_end(plane.processes)
    except Told:
        stop(settings, console)


def missing(plane: ControlPlane) -> list[Background]:
    """What somebody has stopped, once nobody starts or stops any more.

    Raises EngineError for one that ended by itself.
    """
    with one_at_a_time(plane.folder):
        gone = [process for process in plane.processes if process.pid() is None]
        died = [process for process in gone if process.has_died()]
    if died:
        raise EngineError(
            "keeping Tidegate running",
            f"the {died[0].name} ended by itself",
            f"Read {died[0].log}; `tidegate run` starts it again",
        )
    return gone


@contextmanager
def told_by_signals() -> Iterator[None]:
    def tell(number: int, frame: FrameType | None) -> None:
        raise Told

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def first_to_end(processes: Sequence[Background]) -> None:
    """Wait until one of them is gone. The kernel tells it: nothing is asked again and again."""
    with ExitStack() as opened, suppress(ProcessLookupError):  # one that is gone meanwhile
        ends = select.poll()
        for pid in [process.pid() for process in processes]:
            if pid is None:
                return
            descriptor = os.pidfd_open(pid)
            opened.callback(os.close, descriptor)
            ends.register(descriptor, select.POLLIN)
        ends.poll()

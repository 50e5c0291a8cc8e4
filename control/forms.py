"""Keeps the forms true: a stack or an environment that is new can be picked within a minute,
without a restart."""

from __future__ import annotations

import signal
import sys

from control.deployments import register
from control.registered import Stamp, is_due, stamp_of
from control.run_process import carried_out
from tidegate.errors import EngineError
from tidegate.secrecy.outside_text import clean_end
from tidegate.settings import Settings

REGISTER_SECONDS = 180


class Forms:
    """Follows the stack files of an installation. As long as none has changed, a look costs a few
    calls of `stat`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: Stamp | None = None

    async def follow(self) -> None:
        """Register the deployments again where the choices are others. What goes wrong is tried
        again at the next look."""
        try:
            now = stamp_of(self._settings.stacks)
            if now != self._seen and is_due(self._settings):
                await _register()
            self._seen = now
        except Exception as error:
            print(f"worker: cannot follow the stack files ({error!r}), trying again", flush=True)


async def _register() -> None:
    """By a process of its own: the worker does not import the flows. What went wrong it says by
    itself."""
    code = await carried_out(_register_now, "registering", REGISTER_SECONDS)
    if code != 0:
        raise EngineError(
            "registering the deployments",
            f"the process ended with {code}",
            "Read what it says above",
        )
    print("worker: registered the deployments, because the stack files name others", flush=True)


def _register_now() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent ignores it
    try:
        register(Settings())
    except Exception as error:
        said = clean_end(str(error) or repr(error), 500)
        print(f"worker: cannot register the deployments: {said}", flush=True)
        sys.exit(1)

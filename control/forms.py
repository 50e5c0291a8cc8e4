"""Keeps the forms true: a stack or an environment that is new can be picked within a minute,
without a restart."""

from __future__ import annotations

import sys
from subprocess import CalledProcessError

import anyio

from control.registered import Stamp, is_due, stamp_of
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
        except CalledProcessError as failed:
            said = clean_end(failed.stderr.decode(errors="replace"), 500)
            print(f"worker: cannot register the deployments: {said}", flush=True)
        except Exception as error:
            print(f"worker: cannot follow the stack files ({error!r}), trying again", flush=True)


async def _register() -> None:
    """By a process of its own: it imports the flows, which the worker does not."""
    with anyio.fail_after(REGISTER_SECONDS):
        await anyio.run_process([sys.executable, "-P", "-m", "control.deployments"])
    print("worker: registered the deployments, because the stack files name others", flush=True)

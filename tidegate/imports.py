"""What a program imports stays until it ends: Python's garbage collector need not look through it
again and again."""

from __future__ import annotations

import atexit
import gc

SELDOM = (50_000, 10, 10)
"""After how many new objects it looks. Python's own 700 take a quarter of the time of a command,
most of which is importing."""
USUAL = gc.get_threshold()


def imports_stay() -> None:
    """Call it before the first import that takes long. Objects that refer to each other are found
    later, and not at all once the program ends."""
    gc.set_threshold(*SELDOM)
    atexit.register(gc.freeze)


def imports_are_done() -> None:
    """Call it where a program begins that runs for days: what it does not need any more is found as
    soon as Python usually finds it."""
    gc.freeze()
    gc.set_threshold(*USUAL)

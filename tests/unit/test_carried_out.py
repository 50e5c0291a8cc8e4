"""Work that the worker has done by a process of its own."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from functools import partial

import anyio
import pytest

from control.run_process import carried_out


@pytest.mark.parametrize(("target", "code"), [(partial(sys.exit, 3), 3), (time.tzset, 0)])
def test_its_exit_code_is_told(target: Callable[[], None], code: int) -> None:
    assert anyio.run(carried_out, target, "work", 20) == code


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError):
        anyio.run(carried_out, partial(time.sleep, 60), "work", 0.5)
    assert multiprocessing.active_children() == []


def test_where_the_worker_is_stopped_nothing_is_left_running() -> None:
    async def stopped() -> None:
        with anyio.move_on_after(1):
            await carried_out(partial(time.sleep, 60), "work", 60)

    anyio.run(stopped)
    assert multiprocessing.active_children() == []

"""`python -m control`: the worker. This file has the name `__main__` so that a forked run does not
import it again."""

from __future__ import annotations

import asyncio
import signal

from control.work_pool import WORK_POOL
from control.worker import TidegateWorker
from tidegate.imports import imports_are_done


async def work() -> None:
    """Until SIGTERM or SIGINT; the runs end with it, as if they were killed."""
    worker = TidegateWorker(
        work_pool_name=WORK_POOL, name=WORK_POOL, create_pool_if_not_found=False
    )
    working = asyncio.ensure_future(worker.start())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        print("stopped", flush=True)


if __name__ == "__main__":
    imports_are_done()
    asyncio.run(work())

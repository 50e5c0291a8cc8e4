"""Everything of Prefect that we use and that Prefect does not document.
tests/unit/test_prefect_private.py shows each use, so that a new version of Prefect that lacks one
is found there and nowhere else.

The server's parts are imported where they are used: the process that runs are forked from needs
none of them."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.server.database.configurations import AioSqliteConfiguration
    from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


def say_cancelled() -> None:
    """In the process of a run: SIGTERM, when it comes, is a cancellation."""
    from prefect._internal import control_listener

    control_listener._set_intent("cancel")


def do_background_work_each(seconds: float) -> None:
    """In the server: how often it asks its own queue for work, four to ten times a second unless
    told otherwise. Nor does it ask ten times a second whether some of that work was cancelled:
    Prefect cancels none."""
    from prefect.server.api import background_workers

    async def listen_to_nobody(worker: Any) -> None:
        if (session := worker._processing_session) is not None:
            session.cancellation_ready.set()
            await session.stopping.wait()

    names, pause = vars(background_workers), timedelta(seconds=seconds)
    patient = type(
        "PatientWorker", (names["Worker"],), {"_cancellation_listener": listen_to_nobody}
    )
    names["Worker"] = partial(patient, minimum_check_interval=pause, scheduling_resolution=pause)


def serve_one_ui() -> None:
    """In the server, before its application is made: of Prefect's two UIs only the first is served.

    The second one hides *Resume* in a menu, shows a description as plain text, and asks hosts of an
    analytics company. A link into it leads to the same page of the first.
    """
    import prefect

    prefect.__ui_v2_static_path__ = Path(os.devnull, "no second UI")


def take_turns_on_sqlite(url: str) -> None:
    """In the server, before its application is made."""
    from prefect.server.database.dependencies import set_database_config

    set_database_config(patient_sqlite(url))


def patient_sqlite(url: str) -> AioSqliteConfiguration:
    """Transactions that take the write lock when they begin; sessions that are opened inside one
    are readers, as before.

    Prefect begins them as readers. One that comes to write after another has written is refused at
    once ("database is locked"), whatever the time-out: so a person's approval was lost, and a form
    stayed open without a word. Beginning as a writer waits.
    """
    from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration

    class PatientSqlite(AioSqliteConfiguration):
        @asynccontextmanager
        async def begin_transaction(
            self, session: AsyncSession, with_for_update: bool = False
        ) -> AsyncGenerator[AsyncSessionTransaction, None]:
            mode = SQLITE_BEGIN_MODE.set("IMMEDIATE")
            try:
                async with session.begin() as transaction:
                    await session.connection()  # BEGIN is sent by the first use
                    SQLITE_BEGIN_MODE.reset(mode)
                    mode = SQLITE_BEGIN_MODE.set("DEFERRED")
                    yield transaction
            finally:
                SQLITE_BEGIN_MODE.reset(mode)

    return PatientSqlite(connection_url=url)

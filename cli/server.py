"""`python -m cli.server`: Prefect's own server, whose transactions on SQLite wait for their turn.

Prefect begins them as readers. One that comes to write after another has written is refused at once ("database is locked"),
whatever the time-out: so a person's approval was lost, and a form stayed open without a word. Beginning as a writer waits.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from prefect.server.database.dependencies import set_database_config
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class PatientSqlite(AioSqliteConfiguration):
    """Takes the write lock when a transaction begins; sessions that are opened inside it are readers, as before."""

    @asynccontextmanager
    async def begin_transaction(self, session: AsyncSession,
                                with_for_update: bool = False) -> AsyncGenerator[AsyncSessionTransaction, None]:
        mode = SQLITE_BEGIN_MODE.set("IMMEDIATE")
        try:
            async with session.begin() as transaction:
                await session.connection()   # BEGIN is sent by the first use
                SQLITE_BEGIN_MODE.reset(mode)
                mode = SQLITE_BEGIN_MODE.set("DEFERRED")
                yield transaction
        finally:
            SQLITE_BEGIN_MODE.reset(mode)


def main() -> None:
    """Everything else is as `prefect server start` does it."""
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if url and url.startswith("sqlite"):
        set_database_config(PatientSqlite(connection_url=url))
    from prefect.cli import app  # after its database is chosen

    sys.argv[1:] = ["server", "start", *sys.argv[1:]]
    app()


if __name__ == "__main__":
    main()

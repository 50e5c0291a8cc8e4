"""Prefect's server on SQLite: a transaction waits for another's end, where Prefect's own is refused
at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from control.prefect_private import patient_sqlite

COUNT = text("SELECT count(*) FROM seen")
WRITE = text("INSERT INTO seen VALUES (1)")


async def read_then_written_meanwhile(config: AioSqliteConfiguration) -> int:
    """One transaction reads and then writes; another one writes in between, or waits until the
    first has ended."""
    engine = await config.engine()
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE seen (one INTEGER)"))
    async with transaction(config) as first:
        await first.execute(COUNT)
        meanwhile = asyncio.create_task(write(config))
        await asyncio.wait([meanwhile], timeout=1)
        async with await config.session(
            engine
        ) as reader:  # a request opens sessions inside its transaction
            await reader.execute(COUNT)
        await first.execute(WRITE)
    await meanwhile
    async with await config.session(engine) as session:
        return int((await session.execute(COUNT)).scalar_one())


@asynccontextmanager
async def transaction(config: AioSqliteConfiguration) -> AsyncIterator[AsyncSession]:
    async with (
        await config.session(await config.engine()) as session,
        config.begin_transaction(session),
    ):
        yield session


async def write(config: AioSqliteConfiguration) -> None:
    async with transaction(config) as session:
        await session.execute(WRITE)


def test_a_transaction_that_reads_before_it_writes_waits_for_its_turn(tmp_path: Path) -> None:
    assert (
        asyncio.run(
            read_then_written_meanwhile(
                patient_sqlite(f"sqlite+aiosqlite:///{tmp_path}/prefect.db")
            )
        )
        == 2
    )


def test_prefects_own_is_refused_which_is_why_ours_exists(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="database is locked"):
        asyncio.run(
            read_then_written_meanwhile(
                AioSqliteConfiguration(f"sqlite+aiosqlite:///{tmp_path}/prefect.db")
            )
        )

"""`python -m cli.server`: Prefect's own server behind a door, with patient SQLite transactions.

It demands Prefect's auth string from everybody, and does not start without one.

Prefect begins them as readers. One that comes to write after another has written is refused at once ("database is locked"),
whatever the time-out: so a person's approval was lost, and a form stayed open without a word. Beginning as a writer waits.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from prefect.server.database.dependencies import set_database_config
from prefect.settings import (
    PREFECT_API_DATABASE_CONNECTION_URL,
    PREFECT_SERVER_CORS_ALLOWED_ORIGINS,
    PREFECT_SERVER_LOGGING_LEVEL,
    PREFECT_UI_API_URL,
    get_current_settings,
    temporary_settings,
)
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction
from starlette.types import ASGIApp

from cli.door import behind_door
from control.prefect_private import do_background_work_each
from tidegate.kept import LEAST_TOKEN_BYTES
from tidegate.settings import Settings, is_auth_string

OWN_API = "/api"
"""The pages ask the address that they came from, by whatever name and port that is."""

BACKGROUND_SECONDS = 1.0


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
    """As `prefect server start` serves it in the foreground, with our door before the whole of it."""
    asked = _arguments()
    _refuse_to_serve_everybody()
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if url and url.startswith("sqlite"):
        set_database_config(PatientSqlite(connection_url=url))
    do_background_work_each(BACKGROUND_SECONDS)
    from prefect.server.api.server import create_app  # after its database is chosen

    origins = Settings().ui_origins
    ours = {PREFECT_SERVER_CORS_ALLOWED_ORIGINS: ",".join(origins), PREFECT_UI_API_URL: OWN_API}
    with temporary_settings(ours):
        app = create_app(final=True, webserver_only=asked.no_services)
        _serve(behind_door(app, origins), asked.host, asked.port)


def _serve(app: ASGIApp, host: str, port: int) -> None:
    api, level = get_current_settings().server.api, PREFECT_SERVER_LOGGING_LEVEL.value().lower()
    uvicorn.run(app, host=host, port=port, log_level=level, server_header=False,
                timeout_keep_alive=api.keepalive_timeout,
                ws_ping_interval=api.websocket_ping_interval,
                ws_ping_timeout=api.websocket_ping_timeout)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cli.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=Settings().prefect_port)
    parser.add_argument("--no-services", action="store_true",
                        help="Another process has the background services.")
    return parser.parse_args()


def _refuse_to_serve_everybody() -> None:
    secret = get_current_settings().server.api.auth_string
    if secret is None or not is_auth_string(secret.get_secret_value()):
        sys.exit("server: PREFECT_SERVER_API_AUTH_STRING must be `name:secret` of at least "
                 f"{LEAST_TOKEN_BYTES} characters; `make run` sets it")


if __name__ == "__main__":
    main()

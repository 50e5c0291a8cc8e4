"""`python -m cli.server`: Prefect's own server behind a door, with patient SQLite transactions.

It demands Prefect's auth string from everybody, and does not start without one.
"""

from __future__ import annotations

import argparse
import sys

import uvicorn
from prefect.settings import (
    PREFECT_API_DATABASE_CONNECTION_URL,
    PREFECT_SERVER_CORS_ALLOWED_ORIGINS,
    PREFECT_SERVER_LOGGING_LEVEL,
    PREFECT_UI_API_URL,
    PREFECT_UI_STATIC_DIRECTORY,
    get_current_settings,
    temporary_settings,
)
from starlette.types import ASGIApp

from cli.door import behind_door
from cli.sign_in_first import ask_before_pages
from control.prefect_private import (
    do_background_work_each,
    serve_one_ui,
    take_turns_on_sqlite,
)
from tidegate.imports import imports_are_done
from tidegate.secrecy.kept import LEAST_TOKEN_BYTES
from tidegate.settings import Settings, is_auth_string

OWN_API = "/api"
"""The pages ask the address that they came from, by whatever name and port that is."""

BACKGROUND_SECONDS = 5.0
"""Its loops come twice a minute at most, and no person waits for one."""


def main() -> None:
    """As `prefect server start` serves it in the foreground, with our door before the whole of
    it."""
    asked = _arguments()
    _refuse_to_serve_everybody()
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if url and url.startswith("sqlite"):
        take_turns_on_sqlite(url)
    do_background_work_each(BACKGROUND_SECONDS)
    serve_one_ui()
    from prefect.server.api.server import create_app  # after its database is chosen

    settings = Settings()
    origins, pages = settings.ui_origins, settings.home / "ui"
    ours = {
        PREFECT_SERVER_CORS_ALLOWED_ORIGINS: ",".join(origins),
        PREFECT_UI_API_URL: OWN_API,
        PREFECT_UI_STATIC_DIRECTORY: str(pages),
    }
    with temporary_settings(ours):
        app = create_app(final=True, webserver_only=asked.no_services)
        ask_before_pages(pages / "v1")
        imports_are_done()
        _serve(behind_door(app, origins), asked.host, asked.port)


def _serve(app: ASGIApp, host: str, port: int) -> None:
    api, level = get_current_settings().server.api, PREFECT_SERVER_LOGGING_LEVEL.value().lower()
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level=level,
        server_header=False,
        timeout_keep_alive=api.keepalive_timeout,
        ws_ping_interval=api.websocket_ping_interval,
        ws_ping_timeout=api.websocket_ping_timeout,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cli.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=Settings().prefect_port)
    parser.add_argument(
        "--no-services", action="store_true", help="Another process has the background services."
    )
    return parser.parse_args()


def _refuse_to_serve_everybody() -> None:
    secret = get_current_settings().server.api.auth_string
    if secret is None or not is_auth_string(secret.get_secret_value()):
        sys.exit(
            "server: PREFECT_SERVER_API_AUTH_STRING must be `name:secret` of at least "
            f"{LEAST_TOKEN_BYTES} characters; `tidegate run` sets it"
        )


if __name__ == "__main__":
    main()

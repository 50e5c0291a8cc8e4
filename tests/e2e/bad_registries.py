"""Registries that refuse, or say nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Registrar(BaseHTTPRequestHandler):
    """A registry that answers every request with one status."""

    status = 500

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Retry-After", "300")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Tests have no use for an access log."""


@contextmanager
def registry_that_answers(status: int) -> Iterator[int]:
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Answering", (Registrar,), {"status": status})
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def registry_that_is_silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]

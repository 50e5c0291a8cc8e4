"""What the Prefect server refuses is told with the name of the value that it is about."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.prefect_api import PrefectApi
from tidegate.errors import InputError

PROLOGUE = "Error creating flow run: Validation failed"


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """Answers every call by 409 and its `detail`."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"detail": self.server.detail}).encode()  # type: ignore[attr-defined]
            self.send_response(409)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (
            f"{PROLOGUE} for field 'reason'. Failure reason: 'x' is too short.",
            "reason: 'x' is too short. Correct it",
        ),
        (
            f"{PROLOGUE} for field 'stack'. Failure reason: 'shop' is not one of ['board'].",
            "stack: 'shop' is not one of ['board']. "
            "Correct it; a stack that is new is known within a minute",
        ),
        (
            f"{PROLOGUE}. Failure reason: 'version' is a required property",
            "a required property. Correct it",
        ),
        ("It is not allowed", "It is not allowed. Correct it"),
    ],
)
def test_a_value_that_is_refused_is_told_by_its_name(
    server: ThreadingHTTPServer, detail: str, said: str
) -> None:
    server.detail = detail  # type: ignore[attr-defined]
    api = PrefectApi(f"http://127.0.0.1:{server.server_port}/api", None)
    with pytest.raises(InputError) as raised:
        api.state("a-run")
    assert str(raised.value).endswith(said)

"""A webhook of the test's own, at which a stack's messages arrive."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from blocks.messengers.webhook import SlackWebhook
from tests.e2e.in_process import edit_stack
from tests.installation import Installation


@contextlib.contextmanager
def notices_of(tidegate: Installation, stack: str) -> Iterator[list[str]]:
    """Every message of `stack`, in the order they came, while the block lasts."""
    texts: list[str] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        name = channel_of(stack)
        SlackWebhook(url=f"http://127.0.0.1:{server.server_port}/hook").save(name, overwrite=True)
        edit_stack(tidegate, stack, lambda content: content.update(notify=[name]))
        try:
            yield texts
        finally:
            edit_stack(tidegate, stack, lambda content: content.pop("notify"))
            server.shutdown()
            thread.join()


def channel_of(stack: str) -> str:
    """The name of the block at which the stack's messages go out."""
    return f"notices-of-{stack}"

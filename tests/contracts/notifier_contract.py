"""What every notifier must do. A suite sets `notifier` and `server` as fixtures and inherits this
class."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tidegate.errors import TidegateError
from tidegate.facts import Message
from tidegate.ports import Notifier

MESSAGE = Message("released", "green", "cloudlens v1.1.0 已上线", "3 commits, outage 0 s")


@dataclass
class ChatServer:
    """Answers with `answers` in turn, then 200; `received` are the bodies."""

    port: int
    answers: list[int] = field(default_factory=list)
    received: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            chat.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(chat.answers.pop(0) if chat.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """The test's output is not the place."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chat = ChatServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class NotifierContract:
    def test_title_and_body_arrive(self, notifier: Notifier, server: ChatServer) -> None:
        notifier.send(MESSAGE)
        (body,) = server.received
        text = json.dumps(body, ensure_ascii=False)
        assert MESSAGE.title in text
        assert MESSAGE.body in text

    def test_a_server_in_trouble_is_tried_again_until_it_answers(
        self, notifier: Notifier, server: ChatServer
    ) -> None:
        server.answers = [500, 500]
        for _ in range(2):
            with pytest.raises(TidegateError) as caught:
                notifier.send(MESSAGE)
            assert caught.value.retryable
        notifier.send(MESSAGE)
        assert len(server.received) == 3

    def test_a_server_that_is_down_is_tried_again(self, notifier_of_nobody: Notifier) -> None:
        with pytest.raises(TidegateError) as caught:
            notifier_of_nobody.send(MESSAGE)
        assert caught.value.retryable

    def test_the_address_is_never_shown(self, notifier_of_nobody: Notifier) -> None:
        with pytest.raises(TidegateError) as caught:
            notifier_of_nobody.send(MESSAGE)
        assert "hunter2" not in str(caught.value) + repr(notifier_of_nobody)
        assert caught.value.__cause__ is None

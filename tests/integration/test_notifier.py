"""Both notifiers against a real HTTP server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from blocks.messengers.apprise_notifier import AppriseNotifier
from blocks.messengers.webhook import SlackWebhook
from tests.contracts.notifier_contract import MESSAGE, ChatServer, NotifierContract, chat_server
from tidegate.errors import TidegateError


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:  # bound and not listening: every connection is refused
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def webhook(port: int, timeout_seconds: float = 10) -> SlackWebhook:
    return SlackWebhook(
        url=SecretStr(f"http://127.0.0.1:{port}/hunter2"), timeout_seconds=timeout_seconds
    )


class TestSlackWebhook(NotifierContract):
    @pytest.fixture
    def notifier(self, server: ChatServer) -> SlackWebhook:
        return webhook(server.port)

    @pytest.fixture
    def notifier_of_nobody(self, closed_port: int) -> SlackWebhook:
        return webhook(closed_port)

    def test_the_message_is_one_text(self, notifier: SlackWebhook, server: ChatServer) -> None:
        notifier.send(MESSAGE)
        assert server.received == [{"text": f"{MESSAGE.title}\n{MESSAGE.body}"}]

    @pytest.mark.parametrize(
        ("status", "retryable"),
        [(429, True), (503, True), (403, False), (404, False), (302, False)],
    )
    def test_each_refusal_says_whether_to_try_again(
        self, notifier: SlackWebhook, server: ChatServer, status: int, retryable: bool
    ) -> None:
        server.answers = [status]
        with pytest.raises(TidegateError, match=str(status)) as caught:
            notifier.send(MESSAGE)
        assert caught.value.retryable is retryable

    def test_a_server_that_never_answers_is_given_up(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,
            pytest.raises(TidegateError, match="Timeout") as caught,
        ):
            webhook(silent.getsockname()[1], timeout_seconds=0.3).send(MESSAGE)
        assert caught.value.retryable

    @pytest.mark.parametrize("url", ["hunter2", "http://hunter2:port/", "ftp://hunter2"])
    def test_an_address_that_is_none_is_not_tried_again(self, url: str) -> None:
        with pytest.raises(TidegateError) as caught:
            SlackWebhook(url=SecretStr(url)).send(MESSAGE)
        assert not caught.value.retryable
        assert "hunter2" not in str(caught.value)


@pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"
)  # Apprise's own import
class TestAppriseNotifier(NotifierContract):
    @pytest.fixture
    def notifier(self, server: ChatServer) -> AppriseNotifier:
        return AppriseNotifier(urls=SecretStr(f"json://127.0.0.1:{server.port}/hunter2"))

    @pytest.fixture
    def notifier_of_nobody(self, closed_port: int) -> AppriseNotifier:
        return AppriseNotifier(urls=SecretStr(f"json://127.0.0.1:{closed_port}/hunter2"))

    @pytest.mark.parametrize("urls", ["", "no-such-scheme://hunter2"])
    def test_an_address_that_is_none_is_not_tried_again(self, urls: str) -> None:
        with pytest.raises(TidegateError) as caught:
            AppriseNotifier(urls=SecretStr(urls)).send(MESSAGE)
        assert not caught.value.retryable
        assert "hunter2" not in str(caught.value)

"""Messages to a Slack-compatible incoming webhook (Slack, Mattermost, Rocket.Chat)."""

from __future__ import annotations

import httpx
from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from tidegate.errors import TidegateError
from tidegate.facts import Message
from tidegate.secrecy.outside_text import chat_text

_DOING = "sending a message to the webhook"


class SlackWebhook(Block):
    """One incoming webhook. Raises TidegateError; its text never holds the address, which is the
    secret."""

    _block_type_name = "Tidegate Slack Webhook"
    _block_type_slug = "tidegate-slack-webhook"  # `slack-webhook` is Prefect's own

    url: SecretStr = Field(description="The webhook's address. Whoever knows it can post.")
    timeout_seconds: float = Field(10, gt=0, description="For one message.")

    def send(self, message: Message) -> None:
        try:
            answer = httpx.post(
                self.url.get_secret_value(),
                json={"text": chat_text(f"{message.title}\n{message.body}")},
                timeout=self.timeout_seconds,
            )
        except httpx.TransportError as error:
            raise TidegateError(
                _DOING,
                f"no answer ({type(error).__name__})",
                "Check the network and the address",
                retryable=not isinstance(error, httpx.UnsupportedProtocol),
            ) from None
        except httpx.InvalidURL:
            raise TidegateError(
                _DOING, "the address is no URL", "Correct the webhook block"
            ) from None
        if not answer.is_success:
            retryable = answer.status_code == 429 or answer.status_code >= 500
            raise TidegateError(
                _DOING,
                f"it answered {answer.status_code}",
                "Try again later" if retryable else "Make a new webhook and put it into the block",
                retryable=retryable,
            )

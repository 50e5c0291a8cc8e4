"""Messages to whatever Apprise can reach: e-mail, Teams, Telegram, DingTalk, WeCom and a hundred
more."""

from __future__ import annotations

import apprise
from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from tidegate.errors import TidegateError
from tidegate.facts import Message

_DOING = "sending a message by Apprise"
_KINDS = {
    "green": apprise.NotifyType.SUCCESS,
    "yellow": apprise.NotifyType.WARNING,
    "red": apprise.NotifyType.FAILURE,
}


class AppriseNotifier(Block):
    """One or more Apprise addresses. Raises TidegateError; its text never holds an address, which
    holds secrets."""

    _block_type_name = "Tidegate Apprise"
    _block_type_slug = "tidegate-apprise"

    urls: SecretStr = Field(
        description="Apprise URLs, one a line, such as `mailto://user:password@example.com`."
    )

    def send(self, message: Message) -> None:
        sender = apprise.Apprise()
        addresses = self.urls.get_secret_value().split()
        if not addresses or not all([sender.add(address) for address in addresses]):
            raise TidegateError(
                _DOING, "an address is not one that Apprise knows", "Correct `urls` in the block"
            )
        if not sender.notify(
            title=message.title,
            body=message.body,
            notify_type=_KINDS[message.severity],
            body_format=apprise.NotifyFormat.TEXT,
        ):
            raise TidegateError(
                _DOING, "not every address took it", "Check addresses and network", retryable=True
            )

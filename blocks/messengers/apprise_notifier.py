"""Messages to whatever Apprise can reach: e-mail, Teams, Telegram, DingTalk, WeCom and a hundred
more."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import apprise
from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from tidegate.errors import TidegateError
from tidegate.facts import Message

AGAIN_SECONDS = (1, 3)
"""The pauses before an address is tried again that did not take what others have taken."""
_DOING = "sending a message by Apprise"
_KINDS = {
    "green": apprise.NotifyType.SUCCESS,
    "yellow": apprise.NotifyType.WARNING,
    "red": apprise.NotifyType.FAILURE,
}
Senders = Mapping[int, apprise.Apprise]
"""By the place of their address, from 1 on: an address holds secrets, and is never named."""


class AppriseNotifier(Block):
    """One or more Apprise addresses, each by itself: a broken one keeps no message from the others,
    and nobody gets it twice.

    Raises TidegateError, which is retryable only where nobody has got the message.
    """

    _block_type_name = "Tidegate Apprise"
    _block_type_slug = "tidegate-apprise"

    urls: SecretStr = Field(
        description="Apprise URLs, one a line, such as `mailto://user:password@example.com`."
    )

    def send(self, message: Message) -> None:
        addresses = self.urls.get_secret_value().split()
        senders = _senders(addresses)
        left = _not_taken(senders, message)
        has_nobody = len(left) == len(senders)
        if not has_nobody:
            left = _not_taken_again(left, message)
        if said := _faults(addresses, senders, left):
            raise TidegateError(
                _DOING,
                "; ".join(said),
                "Correct `urls` in the block, or look at the network",
                retryable=has_nobody and bool(left),
            )


def _senders(addresses: Sequence[str]) -> Senders:
    """Of those that Apprise knows."""
    senders = {place: apprise.Apprise() for place in range(1, len(addresses) + 1)}
    return {place: sender for place, sender in senders.items() if sender.add(addresses[place - 1])}


def _not_taken(senders: Senders, message: Message) -> Senders:
    """Those that did not take it."""
    return {
        place: sender
        for place, sender in senders.items()
        if not sender.notify(
            title=message.title,
            body=message.body,
            notify_type=_KINDS[message.severity],
            body_format=apprise.NotifyFormat.TEXT,
        )
    }


def _not_taken_again(left: Senders, message: Message) -> Senders:
    """Where others have the message already: whoever asked for it cannot ask for these alone."""
    for pause in AGAIN_SECONDS:
        if left:
            time.sleep(pause)
            left = _not_taken(left, message)
    return left


def _faults(addresses: Sequence[str], senders: Senders, left: Senders) -> list[str]:
    if not addresses:
        return ["no address is given"]
    unknown = [place for place in range(1, len(addresses) + 1) if place not in senders]
    return [
        *(
            f"address {place} of {len(addresses)} is not one that Apprise knows"
            for place in unknown
        ),
        *(f"address {place} of {len(addresses)} did not take it" for place in left),
    ]

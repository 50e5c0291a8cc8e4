"""People in memory: what they were told, and what automations heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.world.moments import Moments
from tidegate.facts import Message
from tidegate.policy.incidents import Signal


@dataclass
class MemoryNotifier:
    """One address."""

    name: str
    moments: Moments
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.sent.append(message)
        self.moments.change(f"{self.name} was told: {message.kind}")


@dataclass
class MemoryEvents:
    """What automations would answer."""

    moments: Moments
    told: list[Signal] = field(default_factory=list)

    def tell(self, signal: Signal) -> None:
        self.told.append(signal)
        self.moments.change(f"event {signal.key}")

"""What a release does to the image of each service, as far as old and new image say it of
themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tidegate.plan.image_labels import OCI
from tidegate.secrecy.outside_text import one_line
from tidegate.stack.services import Service
from tidegate.versions import short_id

SAID = ("version", "revision", "created", "source")
"""What of an image's labels people are shown, by the names of the OCI annotations."""
_MOST_SAID = 200
Origin = Literal["built", "registry", "host"]
"""Made from the commit; found in its registry; on the host, and looked up nowhere."""


@dataclass(frozen=True)
class ImageChange:
    """Of one service. `old` is empty where nothing runs yet."""

    service: str
    origin: Origin
    old: str
    new: str
    """Pins."""
    old_says: Mapping[str, str] = field(default_factory=dict)
    new_says: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        return digest_of(self.old) == digest_of(self.new)

    @property
    def differs(self) -> dict[str, tuple[str, str]]:
        """What they say differently, in the order of `SAID`; empty where one of them says nothing
        of it."""
        pairs = {name: (self.old_says.get(name, ""), self.new_says.get(name, "")) for name in SAID}
        return {name: (old, new) for name, (old, new) in pairs.items() if old != new}

    def __str__(self) -> str:
        """`web: 2.2.0 → 2.3.1`, by what both say of their version, or else by their digests."""
        old, new = (said.get("version", "") for said in (self.old_says, self.new_says))
        if old == new or not new or (self.old and not old):
            old, new = short_id(digest_of(self.old)), short_id(digest_of(self.new))
        return f"{self.service}: {old} → {new}" if self.old else f"{self.service}: {new}"


def digest_of(pin: str) -> str:
    return pin.rpartition("@")[2]


def said_by(labels: Mapping[str, str] | None) -> dict[str, str]:
    """From an image's labels, on one line each. An image that is not on the host says nothing."""
    found = {name: one_line((labels or {}).get(f"{OCI}{name}", ""), _MOST_SAID) for name in SAID}
    return {name: text for name, text in found.items() if text}


def origin_of(service: Service, pin: str) -> Origin:
    if service.is_built:
        return "built"
    return "registry" if "@" in pin else "host"


def changed(changes: Sequence[ImageChange]) -> list[str]:
    return [one.service for one in changes if not one.is_same]

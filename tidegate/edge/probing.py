"""How somebody asks an environment, and what was seen: the words that smoke checks and the traffic
witness share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

from tidegate.edge.facts import Served
from tidegate.stack.showing import SmokeCheck
from tidegate.versions import Version

MOST_REQUESTS = 100_000
"""Of one witness."""


class Question(NamedTuple):
    """What is asked through the public edge to see that a door works."""

    host: str
    path: str
    is_ready_path: bool
    """Then an answer below 400 is a good one. Otherwise the path is only the door's own, and any
    answer of the application that is no error of a server shows that it works."""

    def is_good(self, status: int) -> bool:
        return status < (
            HTTPStatus.BAD_REQUEST if self.is_ready_path else HTTPStatus.INTERNAL_SERVER_ERROR
        )


@dataclass(frozen=True)
class Visit:
    """Who asks where: everybody's address of the edge, or a slot's own before anyone is sent
    there."""

    name: str
    """The host name by which the visitor comes."""
    headers: Mapping[str, str]
    """What a front says, and which slot is meant (`tidegate.edge.routes.headers_for`)."""
    at_slot: bool = False


@dataclass(frozen=True)
class SmokeVisit:
    """All smoke checks of one visit."""

    visit: Visit
    checks: Sequence[SmokeCheck]
    version: Version
    served: Served
    """Who must answer."""
    most_seconds: float
    """For all checks together."""
    credentials: Mapping[str, str] = field(repr=False)
    """Values by the keys that a login names."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """The host name by which a check comes that has a `domains_of`; the others come by the visit's
    own."""


@dataclass(frozen=True)
class Seen:
    """One request: when it was due and when it ended (seconds since the witness began), and how it
    ended."""

    due: float
    ended: float
    deployment: str
    """What the edge said who answered; `none` when it said nothing."""
    fault: str | None
    """None for a success: a status below 400."""
    reached: bool = True
    """Whether the edge took the connection and knew the route: while it starts it does not, and no
    version is to blame."""
    asked: str = ""
    """Host name and path, where several are asked: each has gaps of its own."""

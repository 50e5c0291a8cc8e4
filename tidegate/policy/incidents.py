"""What is done about a degraded signal: roll back, page, tell or nothing. Pure: each brake is a
line that can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tidegate.facts import Severity
from tidegate.ledger.tables import Deployment
from tidegate.plan.changes import WayBack
from tidegate.policy.looks import Look
from tidegate.policy.states import LEFT_TO_PERSON

Action = Literal["roll_back", "page", "tell", "ignore"]


@dataclass(frozen=True)
class Signal:
    """Somebody says that an environment became worse. Severity (R29): red = down, yellow = partly
    broken, green = can wait."""

    stack: str
    environment: str
    key: str
    """Unique for ever: the same trouble, told again, has the same one."""
    severity: Severity
    started_at: datetime
    reason: str
    source: str
    """Who says so: `watch/all`, `alertmanager`."""
    is_watched: bool = True
    """Whether the environment is one whose troubles are answered by themselves."""
    resolved: bool = False
    deployment: int | None = None
    """The number that it was seen on, where the source knows."""


@dataclass(frozen=True)
class Situation:
    """What is true of the environment when the signal is looked at."""

    current: Deployment | None
    """The deployment that serves."""
    handled: bool
    """This very signal has been dealt with before."""
    going_back: Deployment | None
    """A rollback that is on its way now, whoever asked for it."""
    automatic: Deployment | None
    """The one automatic rollback that the release which serves has already had."""
    way_back: WayBack
    replaced: Deployment | None = None
    """A deployment for which nobody is served now: people were told, and it ends by itself."""
    waiting: Deployment | None = None
    """A newer release that failed, and whose way back did not arrive."""


@dataclass(frozen=True)
class Decision:
    """`severity` decides who is told."""

    action: Action
    severity: Severity
    reason: str


def decide(signal: Signal, now: Situation, prove: Callable[[], Look]) -> Decision:
    """Only what is red, new, about the version that serves, and proved worse than before its
    release is rolled back.

    `prove` looks at the environment; it is asked only when its answer matters.
    """
    if now.current is None:
        return Decision("ignore", "green", "nothing serves there")
    if why := _nothing_to_do(signal, now, now.current):
        return Decision("ignore", "green", why)
    if signal.severity != "red":
        return Decision("tell", signal.severity, signal.reason)
    if (look := prove()).outcome != "worse":
        return Decision(
            "tell",
            signal.severity,
            f"{signal.reason}. Not rolled back, as it is no regression: {look.reason}",
        )
    if why := _forbidden(now, now.current):
        return Decision("page", "red", f"{look.reason}. Not rolled back by itself: {why}")
    return Decision("roll_back", "red", look.reason)


def _nothing_to_do(signal: Signal, now: Situation, current: Deployment) -> str | None:
    if (signal.stack, signal.environment) != (current.stack, current.environment):
        return f"it is about {signal.stack} {signal.environment}"
    if signal.resolved:
        return "it is resolved"
    if now.handled:
        return "it was dealt with before"
    if current.switched_at is None or signal.started_at < current.switched_at:
        return f"it began before #{current.number} served"
    if now.going_back:
        return f"#{now.going_back.number} is going back already"
    if now.replaced:
        return f"#{now.replaced.number} is taking its place, and nobody is served meanwhile"
    return None


def _forbidden(now: Situation, current: Deployment) -> str | None:
    if current.kind in ("rollback", "restore"):
        return f"#{current.number} is itself a {current.kind}"
    if current.kind == "base":
        return f"#{current.number} changed base services, and the version was the same before"
    if now.automatic:
        return f"this release was rolled back by itself once, by #{now.automatic.number}"
    if now.waiting:
        return f"#{now.waiting.number} waits for a person"
    if current.state in LEFT_TO_PERSON:
        return f"#{current.number} waits for a person"
    if now.way_back == "stop and ask":
        return "the database change cannot be undone without losing data"
    if now.way_back == "none":
        return "there is no good version to go back to"
    return None

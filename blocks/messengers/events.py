"""Prefect events about an environment. Automations answer to them; what was sent has been taken by
the server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from prefect.events import Event
from prefect.events.clients import get_events_client
from prefect.events.schemas.events import Resource

from tidegate.errors import TidegateError
from tidegate.policy.incidents import Signal
from tidegate.secrecy.outside_text import one_line

DEGRADED = "tidegate.environment.degraded"
RECOVERED = "tidegate.environment.recovered"
ENVIRONMENT_LABEL = "tidegate.environment"
WATCHED_LABEL = "tidegate.environment.watched"
LONGEST_REASON = 500
SEND_SECONDS = 10


def environment_event(signal: Signal) -> Event:
    """`tidegate.environment.degraded`, or `.recovered` where the signal is resolved. The payload
    holds plain texts."""
    resource = {
        "prefect.resource.id": f"tidegate.environment.{signal.stack}.{signal.environment}",
        "prefect.resource.name": f"{signal.stack} {signal.environment}",
        ENVIRONMENT_LABEL: signal.environment,
        WATCHED_LABEL: str(signal.is_watched).lower(),
    }
    return Event(
        event=RECOVERED if signal.resolved else DEGRADED,
        resource=Resource(resource),
        payload={
            "stack": signal.stack,
            "environment": signal.environment,
            "signal": signal.key,
            "severity": signal.severity,
            "started_at": signal.started_at.isoformat(),
            "reason": one_line(signal.reason, LONGEST_REASON),
            "source": signal.source,
            "deployment": signal.deployment,
        },
    )


class PrefectEvents:
    """Events of Prefect's server. Raises a retryable TidegateError."""

    def tell(self, signal: Signal) -> None:
        asyncio.run(send_events([environment_event(signal)]))


async def send_events(events: Sequence[Event]) -> None:
    """Raises a retryable TidegateError unless Prefect's server has taken all of them."""
    try:
        async with (
            asyncio.timeout(SEND_SECONDS),
            get_events_client(reconnection_attempts=0, checkpoint_every=1) as client,
        ):
            for event in events:
                await client.emit(event)
    except (
        Exception
    ) as error:  # the client lets the errors of its websocket library through, each of its own kind
        raise TidegateError(
            "sending an event to Prefect",
            f"it was not taken ({type(error).__name__})",
            "Look whether the Prefect server runs",
            retryable=True,
        ) from error

"""What the server says about runs of our pool: one that is to start, one that is to be
cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from prefect.client.schemas.objects import StateType
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import (
    EventAnyResourceFilter,
    EventFilter,
    EventNameFilter,
    EventResourceFilter,
)
from prefect.events.schemas.events import ResourceSpecification

RUN = "prefect.flow-run."


async def events_of(pool: UUID) -> AsyncIterator[tuple[StateType, UUID]]:
    """Yield the state and id of each run, as the server tells them. After a broken connection the
    missed ones follow. Raises when it stays broken."""
    states = [StateType.SCHEDULED.value, StateType.CANCELLING.value]
    wanted = EventFilter(
        event=EventNameFilter(prefix=[RUN]),
        resource=EventResourceFilter(labels=ResourceSpecification({"prefect.state-type": states})),
        any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{pool}"]),
    )
    async with get_events_subscriber(filter=wanted, reconnect_on_clean_close=True) as events:
        async for event in events:
            yield (
                StateType(event.resource["prefect.state-type"]),
                UUID(event.resource.id.removeprefix(RUN)),
            )

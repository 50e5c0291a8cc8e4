"""The automations by which events start runs: an incident, and recovery. Imported only after the
API's address is set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.actions import RunDeployment
from prefect.events.schemas.events import ResourceSpecification
from prefect.states import Scheduled

from blocks.messengers.events import DEGRADED, WATCHED_LABEL

WORSE, DIED = "tidegate: production became worse", "tidegate: a run was cut short"
INCIDENT, RECOVER = "incident/all", "recover/all"
CUT_SHORT = {"prefect.flow-run.Crashed", "prefect.flow-run.Cancelled"}
FROM_THE_EVENT = ("stack", "environment", "signal", "severity", "started_at", "reason", "source")
AFTER_THE_LOCK = timedelta(seconds=1)


def register_automations(lock_ttl_seconds: float) -> None:
    """Have each once, as it is here, however often this is called; one that a person switched off
    stays off.

    `lock_ttl_seconds` is how long the lock of a dead run lives: recovery begins after it.
    Raises ObjectNotFound where a deployment is missing.
    """
    with get_client(sync_client=True) as client:
        for automation in _automations(client, timedelta(seconds=lock_ttl_seconds)):
            _have_once(client, automation)


def recover_soon(lock_ttl_seconds: float) -> None:
    """Have a run of `recover/all` begin when the locks of what died with this machine have
    ended."""
    begins = datetime.now(UTC) + timedelta(seconds=lock_ttl_seconds) + AFTER_THE_LOCK
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(RECOVER).id
        client.create_flow_run_from_deployment(deployment, state=Scheduled(scheduled_time=begins))


def _have_once(client: SyncPrefectClient, automation: AutomationCore) -> None:
    known = client.read_automations_by_name(automation.name)
    if not known:
        client.create_automation(automation)
    for first in known[:1]:
        client.update_automation(first.id, automation.model_copy(update={"enabled": first.enabled}))
    for surplus in known[1:]:
        client.delete_automation(surplus.id)


def _automations(client: SyncPrefectClient, lock_life: timedelta) -> Iterator[AutomationCore]:
    incident, recover = (client.read_deployment_by_name(name).id for name in (INCIDENT, RECOVER))
    yield AutomationCore(
        name=WORSE,
        description=f"{DEGRADED} of a watched environment starts {INCIDENT}",
        trigger=_each({DEGRADED}, match=ResourceSpecification({WATCHED_LABEL: "true"})),
        actions=[_start(incident, FROM_THE_EVENT)],
    )
    others = {
        "prefect.resource.role": "deployment",
        "prefect.resource.id": f"!prefect.deployment.{recover}",
    }
    yield AutomationCore(
        name=DIED,
        description=f"A run that crashed or was cancelled starts {RECOVER}, "
        "unless it was one of that itself",
        trigger=_each(CUT_SHORT, match_related=ResourceSpecification(others)),
        actions=[_start(recover, after=lock_life + AFTER_THE_LOCK)],
    )


def _each(events: set[str], **of: ResourceSpecification) -> EventTrigger:
    return EventTrigger(
        expect=events, posture=Posture.Reactive, threshold=1, within=timedelta(0), **of
    )


def _start(
    deployment: UUID, from_the_event: tuple[str, ...] = (), after: timedelta = timedelta(0)
) -> RunDeployment:
    return RunDeployment(
        source="selected",
        deployment_id=deployment,
        schedule_after=after,
        parameters={name: "{{ event.payload." + name + " }}" for name in from_the_event},
    )

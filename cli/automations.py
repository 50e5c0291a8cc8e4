"""The automation that starts `incident/prod` when production became worse. Imported only after the API's address is set."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.events.actions import RunDeployment
from prefect.events.schemas.events import ResourceSpecification

from blocks.environment_events import DEGRADED, ENVIRONMENT_LABEL

NAME = "tidegate: production became worse"
INCIDENT = "incident/prod"
FROM_THE_EVENT = ("stack", "environment", "signal", "severity", "started_at", "reason", "source")


def register_automations() -> None:
    """Have it once, as it is here, however often this is called; one that a person switched off stays off.

    Raises ObjectNotFound where the deployment is missing.
    """
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(INCIDENT).id
        known = client.read_automations_by_name(NAME)
        if not known:
            client.create_automation(_automation(deployment, enabled=True))
        for first in known[:1]:
            client.update_automation(first.id, _automation(deployment, enabled=first.enabled))
        for surplus in known[1:]:
            client.delete_automation(surplus.id)


def _automation(deployment: UUID, *, enabled: bool) -> AutomationCore:
    trigger = EventTrigger(expect={DEGRADED}, match=ResourceSpecification({ENVIRONMENT_LABEL: "prod"}),
                           posture=Posture.Reactive, threshold=1, within=timedelta(0))
    action = RunDeployment(source="selected", deployment_id=deployment, parameters={
        name: "{{ event.payload." + name + " }}" for name in FROM_THE_EVENT})
    return AutomationCore(name=NAME, description=f"{DEGRADED} of production starts {INCIDENT}", enabled=enabled,
                          trigger=trigger, actions=[action])

"""What a run may be: one of the flows that we serve, as it is. Everything else is refused before
anything is started."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse

from tidegate.errors import InputError
from tidegate.secrecy.outside_text import one_line

LONGEST_NAME = 80
MOST_NAMES = 5
TO_DO = (
    "Start one of the deployments of prefect.yaml, without job variables; "
    "`tidegate run` registers them again as they are there"
)


@dataclass(frozen=True)
class Order:
    """All that the process of a run is told."""

    run: UUID
    entrypoint: str


def order_for(
    run: FlowRun, deployment: DeploymentResponse | None, served: Collection[str]
) -> Order:
    """Raises InputError with everything that the run asks for and does not get."""
    if deployment is None:
        raise InputError(f"starting the run {run.id}", "it belongs to no deployment", TO_DO)
    asked = [*_asked_by_run(run), *_asked_by_deployment(deployment, served)]
    if asked or deployment.entrypoint is None:
        came_back = f"it asks for {'; '.join(asked)}, which this worker gives to no run"
        raise InputError(f"starting the run {run.id}", came_back, TO_DO)
    return Order(run.id, deployment.entrypoint)


def _asked_by_run(run: FlowRun) -> list[str]:
    return [f"job variables of its own ({_names(run.job_variables)})"] if run.job_variables else []


def _asked_by_deployment(deployment: DeploymentResponse, served: Collection[str]) -> list[str]:
    asked = []
    if deployment.entrypoint not in served:
        asked.append(f"code that is not ours ({_shown(deployment.entrypoint or 'no entrypoint')})")
    if deployment.path:
        asked.append(f"a folder ({_shown(deployment.path)})")
    if deployment.pull_steps:
        asked.append("steps that fetch code")
    if deployment.job_variables:
        asked.append(f"job variables of its deployment ({_names(deployment.job_variables)})")
    if deployment.storage_document_id or deployment.infrastructure_document_id:
        asked.append("a block that stores code or describes a machine")
    return asked


def _names(variables: Mapping[str, Any]) -> str:
    """The names alone: a value may be a secret."""
    return ", ".join(_shown(name) for name in sorted(variables)[:MOST_NAMES])


def _shown(text: str) -> str:
    return ascii(one_line(text, LONGEST_NAME))

"""What Alertmanager sends to a webhook, and the signals in it.

Source: prometheus.io/docs/alerting/latest/configuration, `webhook_config`, version 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from tidegate.each import each
from tidegate.errors import InputError, StackFileError
from tidegate.facts import Severity
from tidegate.policy.incidents import Signal
from tidegate.stack.catalogue import Catalogue, every_stack

MOST_ALERTS = 500
SEVERITIES: dict[str, Severity] = {"critical": "red", "warning": "yellow", "info": "green"}


class Alert(BaseModel):
    """One alert of a group; what is not needed is not read."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: AwareDatetime = Field(alias="startsAt")
    fingerprint: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")


class Webhook(BaseModel):
    """The body of one request."""

    version: Literal["4"]
    alerts: list[Alert] = Field(max_length=MOST_ALERTS)


def signals_of(webhook: Webhook, stacks: Path) -> tuple[list[Signal], list[str]]:
    """The signals, and one text for each alert that says too little to be one: it must not hide the
    others."""
    catalogue = every_stack(stacks)
    alerts = {
        f"alerts[{place}] ({one.labels.get('alertname', 'no name')})": one
        for place, one in enumerate(webhook.alerts)
    }
    read = each(alerts, lambda alert: _signal(alert, catalogue), "reading")
    return list(read.good.values()), [f"{one.name}: {one.error}" for one in read.faulty]


def _signal(alert: Alert, catalogue: Catalogue) -> Signal:
    severity, environment = alert.labels.get("severity", ""), alert.labels.get("environment", "")
    stack = catalogue.find(alert.labels.get("stack", ""))
    if environment not in stack.environments:
        raise StackFileError(
            "reading an alert",
            f"{stack.name} has no environment {environment!r}",
            f"Label the rule with one of {', '.join(stack.environments)}",
        )
    if severity not in SEVERITIES:
        raise InputError(
            "reading an alert",
            f"the severity {severity!r} is unknown",
            f"Label the rule with one of {', '.join(SEVERITIES)}",
        )
    name = alert.labels.get("alertname", "alert")
    said = alert.annotations.get("description") or alert.annotations.get("summary")
    return Signal(
        stack=stack.name,
        environment=environment,
        key=f"alertmanager/{alert.fingerprint}/{alert.starts_at:%Y%m%dT%H%M%S%f}",
        severity=SEVERITIES[severity],
        started_at=alert.starts_at,
        reason=f"{name}: {said}" if said else name,
        source="alertmanager",
        is_watched=stack.environments[environment].watched,
        resolved=alert.status == "resolved",
    )

"""What people ask for, as parameters of flows, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

RELEASE: dict[str, Any] = {
    "stack": "shop",
    "environment": "prod",
    "plan_only": False,
    "watch_seconds": None,
    "requested_by": "Mei",
}
ROLLBACK: dict[str, Any] = {
    "stack": "shop",
    "reason": "orders are empty",
    "environment": "prod",
    "steps_back": 1,
    "to": None,
    "requested_by": "Mei",
}
RESTORE: dict[str, Any] = {
    "stack": "shop",
    "reason": "rows are gone",
    "environment": "prod",
    "backup": "",
    "requested_by": "Mei",
}
BASE: dict[str, Any] = {
    "stack": "shop",
    "reason": "more connections",
    "environment": "prod",
    "plan_only": False,
    "requested_by": "Mei",
}


def asked(version: str, **other: Any) -> dict[str, Any]:
    return {**RELEASE, "version": version, **other}


ADOPTION: dict[str, Any] = {
    "stack": "shop",
    "environment": "prod",
    "plan_only": False,
    "requested_by": "Mei",
}
SIGNAL: dict[str, Any] = {
    "stack": "shop",
    "signal": "alert/1",
    "severity": "red",
    "reason": "answers are 500",
    "started_at": datetime(2100, 1, 1, tzinfo=UTC),
    "environment": "prod",
    "source": "alertmanager",
}


def answering(decision: str) -> Callable[[Any], Any]:
    """A person who has seen all, and decides so."""

    def answer(form: Any) -> Any:
        seen = {name: True for name, one in form.model_fields.items() if one.annotation is bool}
        return form(decision=decision, approver="Mei", reason="tried on staging", **seen)

    return answer

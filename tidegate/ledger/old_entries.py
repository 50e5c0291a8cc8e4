"""What the entries of version 0.1 say of the rows: less than all, read from what was written for
people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tidegate.ledger.row_facts import CHAINED, Facts, sealed
from tidegate.ledger.tables import AuditEntry

_TABLES = {
    "release": "releases",
    "deployment": "deployments",
    "step": "steps",
    "approval": "approvals",
    "backup": "backups",
    "hold": "holds",
    "lock": "locks",
    "incident": "incidents",
    "message": "messages",
}
_RENAMED = {"new": "state", "attempt": "attempts"}
_ACTOR = {
    "deployment.opened": "requested_by",
    "plan.approved": "approver",
    "plan.rejected": "approver",
    "hold.placed": "placed_by",
    "hold.lifted": "lifted_by",
    "lock.taken": "owner",
}
_FIXED: dict[str, dict[str, Any]] = {
    "plan.approved": {"decision": "approved"},
    "plan.rejected": {"decision": "rejected"},
    "lock.released": {"owner": None},
    "step.begun": {"state": "intended", "error": None},
    "step.done": {"state": "done"},
    "step.failed": {"state": "failed"},
    "deployment.opened": {"state": "planned"},
    "message.sent": {"error": None},
}


def old_facts(entry: AuditEntry) -> tuple[str, Facts]:
    """The row that the entry is about, and what it says of it. A deployment is named by
    environment, stack and number."""
    kind, _, name = entry.subject.partition("/")
    table = _TABLES[kind]
    said = {
        _RENAMED.get(key, key): value
        for key, value in entry.details.items()
        if not _is_of_the_act(entry, key)
    }
    said |= _FIXED.get(entry.action, {})
    if column := _ACTOR.get(entry.action):
        said[column] = entry.actor
    return _row(table, name), _facts(table, said)


def _is_of_the_act(entry: AuditEntry, key: str) -> bool:
    """A row keeps why a hold was placed, not why it was lifted, and the intent of a step's first
    attempt."""
    return (entry.action, key) == ("hold.lifted", "reason") or (
        (entry.action, key) == ("step.begun", "intent") and entry.details["attempt"] != 1
    )


def _row(table: str, name: str) -> str:
    if table == "locks":  # the subject names the environment first, the key the stack
        environment, _, stack = name.partition("/")
        return f"{table}/{stack}/{environment}"
    return f"{table}/{name}"


def _facts(table: str, said: dict[str, Any]) -> Facts:
    columns = CHAINED[table].columns
    return {
        key: sealed(columns[key], _value(key, value))
        for key, value in said.items()
        if key in columns
    }


def _value(key: str, value: Any) -> Any:
    """0.1 wrote times as texts with their zone."""
    return datetime.fromisoformat(value) if key == "expires_at" else value

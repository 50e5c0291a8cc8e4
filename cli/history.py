"""`tidegate history`: what was deployed, when, by whom, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from cli.shown import commit_facts, data, line
from tidegate.errors import StackFileError
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment
from tidegate.policy.people import is_same_person
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack

Row = dict[str, Any]
MOST_REASON = 160  # characters: enough for what was being done and what came back
KINDS = {
    "release": "{}",
    "rollback": "back to {}",
    "restore": "data of {}",
    "adoption": "{}, taken over",
    "base": "{}, base services changed",
}
COLORS = {
    "good": "green",
    "superseded": "dim",
    "failed": "red",
    "rolled_back": "yellow",
    "rollback_failed": "red",
    "needs_person": "red",
}


def rows(settings: Settings, stack: str, environment: str, limit: int) -> list[Row]:
    """Newest first."""
    ledger = Ledger(settings.database_url)
    name, time_zone = _named(settings, ledger, stack)
    return [
        _row(ledger, one, time_zone) for one in ledger.deployments.history(name, environment, limit)
    ]


def _named(settings: Settings, ledger: Ledger, wanted: str) -> tuple[str, str]:
    """Name and time zone; those of the ledger and UTC where the stack file is gone or faulty and
    something was deployed."""
    try:
        found = find_stack(settings.stacks, wanted)
    except StackFileError:
        if wanted in {stack for stack, _ in ledger.deployments.places()}:
            return wanted, "UTC"
        raise
    return found.name, found.time_zone


def table(found: list[Row], stack: str, environment: str) -> Table:
    shown = Table(title=line(f"{stack} {environment}, newest first"))
    for heading in ("#", "Version", "State", "Switched", "Asked, approved", "Lost requests", "Why"):
        shown.add_column(heading)
    for row in found:
        color = COLORS.get(row["state"], "default")
        version = KINDS[row["kind"]].format(row["version"])
        same = "(the same person)" if row["same_person"] else None
        people = data("\n".join(filter(None, (row["requested_by"], row["approved_by"], same))))
        shown.add_row(
            str(row["number"]),
            line(version),
            f"[{color}]{row['state'].replace('_', ' ')}[/{color}]",
            _switched(row),
            people,
            row["traffic"] or "",
            line(row["reason"] or "", MOST_REASON),
        )
    return shown


def _switched(row: Row) -> str:
    """In the stack's own time zone."""
    if row["switched_at"] is None:
        return "never"
    moment = datetime.fromisoformat(row["switched_at"]).astimezone(ZoneInfo(row["time_zone"]))
    return f"{moment:%Y-%m-%d\n%H:%M %Z}"


def _row(ledger: Ledger, one: Deployment, time_zone: str) -> Row:
    traffic = one.figures.get("traffic")
    approvals = ledger.approvals.of(one.id)
    approver = approvals[-1].approver if approvals else None
    return {
        "number": one.number,
        "id": one.id,
        "version": one.version,
        **commit_facts(one.release.commit),
        "kind": one.kind,
        "state": one.state.value,
        "reason": one.reason,
        "requested_by": one.requested_by,
        "approved_by": approver,
        "same_person": is_same_person(one.requested_by, approver),
        "run_id": one.run_id,
        "switched_at": one.switched_at.isoformat() if one.switched_at else None,
        "time_zone": time_zone,
        "traffic": f"{traffic['failed']} of {traffic['total']}" if traffic else None,
    }

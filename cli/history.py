"""`tidegate history`: what was deployed, when, by whom, and how it ended."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment
from tidegate.settings import Settings
from tidegate.stackfile import find_stack

Row = dict[str, Any]
COLORS = {"good": "green", "superseded": "dim", "failed": "red", "rolled_back": "yellow", "rollback_failed": "red",
          "needs_person": "red"}


def rows(settings: Settings, stack: str, environment: str, limit: int) -> list[Row]:
    """Newest first."""
    ledger = Ledger(settings.database_url)
    name = find_stack(settings.stacks, stack).name
    return [_row(ledger, one) for one in ledger.deployments.history(name, environment, limit)]


def table(found: list[Row], stack: str, environment: str) -> Table:
    shown = Table(title=f"{stack} {environment}")
    for heading in ("#", "Version", "Kind", "State", "Switched (UTC)", "Requested by", "Approved by", "Lost requests", "Reason"):
        shown.add_column(heading)
    for row in found:
        color = COLORS.get(row["state"], "default")
        shown.add_row(str(row["number"]), row["version"], row["kind"], f"[{color}]{row['state']}[/{color}]",
                      row["switched_at"] or "—", row["requested_by"], row["approved_by"] or "—", row["traffic"] or "—",
                      (row["reason"] or "")[:80])
    return shown


def _row(ledger: Ledger, one: Deployment) -> Row:
    traffic = one.figures.get("traffic")
    approvals = ledger.approvals.of(one.id)
    return {
        "number": one.number, "id": one.id, "version": one.version, "commit": one.release.commit, "kind": one.kind,
        "state": one.state.value, "reason": one.reason, "requested_by": one.requested_by,
        "approved_by": approvals[-1].approver if approvals else None, "run_id": one.run_id,
        "switched_at": f"{one.switched_at:%Y-%m-%d %H:%M:%S}" if one.switched_at else None,
        "traffic": f"{traffic['failed']} of {traffic['total']}" if traffic else None}

"""Where the seconds of a way back go: from the command or the event to the old version, proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import get_client
from rich.table import Table

from tests.installation import Installation

STEPS = {
    "slot runs": "wake-slot",
    "healthy": "wait-until-healthy",
    "switch obeyed": "shift-traffic",
    "verified": "smoke-public",
}


@dataclass(frozen=True)
class Stages:
    """`seconds` of each stage are from the command or the event on; `switch_ms` is the switch
    alone."""

    what: str
    seconds: Mapping[str, float]
    switch_ms: int


def stages_of(tidegate: Installation, stack: str, what: str, begun: datetime) -> Stages:
    """Of the newest deployment of `stack`."""
    newest = tidegate.history(stack)[0]
    steps = {step.name: step for step in tidegate.ledger.journal.steps(newest.id)}
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(newest.run_id))
    assert run.created is not None
    assert run.start_time is not None
    moments = {
        "run created": run.created,
        "first line": run.start_time,
        **{told: steps[name].ended_at for told, name in STEPS.items()},
    }
    return Stages(
        what,
        {told: (at - begun).total_seconds() for told, at in moments.items() if at},
        int(steps["shift-traffic"].evidence["milliseconds"]),
    )


def stages_table(found: list[Stages]) -> Table:
    shown = Table(title="Where the seconds of a way back go (from the command or the event)")
    for heading in ("Way back", *found[0].seconds, "The switch alone"):
        shown.add_column(heading, justify="left" if heading == "Way back" else "right")
    for one in found:
        shown.add_row(
            one.what,
            *(f"{seconds:.1f} s" for seconds in one.seconds.values()),
            f"{one.switch_ms} ms",
        )
    return shown

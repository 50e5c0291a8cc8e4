"""What the demo prints: the stages of a release with their times, and what the clients saw."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rich.table import Table
from rich.text import Text

from cli.demo_traffic import SteadyClient
from cli.shown import data
from cli.step_facts import facts_of
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment, Step
from tidegate.stack.file import Stack

STACK_ENVIRONMENT_LIMIT = 50
STATE_COLORS = {"done": "green", "failed": "red"}


def stages_table(ledger: Ledger, run: UUID, stack: Stack) -> Table:
    """Every journaled step of the run, in order."""
    shown = Table(title="Stages")
    for heading in ("Environment", "Step", "State"):
        shown.add_column(heading, no_wrap=True)
    shown.add_column("Seconds", justify="right", no_wrap=True)
    shown.add_column("Evidence")  # the only one that may be narrowed
    for environment in stack.environments:
        for deployment in ledger.deployments.history(
            stack.name, environment, STACK_ENVIRONMENT_LIMIT
        ):
            if deployment.run_id == str(run):
                for step in ledger.journal.steps(deployment.id):
                    shown.add_row(*_row(deployment, step))
                shown.add_section()
    return shown


def traffic_table(clients: Sequence[SteadyClient]) -> Table:
    shown = Table(title="What steady clients saw (50 requests/s each, keep-alive, no retries)")
    for heading in (
        "Environment",
        "Requests",
        "Lost",
        "Longest gap",
        "p95",
        "20 s requests",
        "Lost of these",
    ):
        shown.add_column(heading, justify="right")
    for client in clients:
        figures = client.figures
        shown.add_row(
            client.environment,
            str(figures.total),
            str(figures.failed),
            f"{figures.longest_gap_seconds * 1000:.0f} ms",
            f"{figures.p95_seconds * 1000:.0f} ms",
            str(client.long_good),
            str(len(client.long_faults)),
        )
    return shown


def _row(deployment: Deployment, step: Step) -> tuple[str | Text, ...]:
    seconds = (
        (step.ended_at - step.started_at).total_seconds()
        if step.ended_at and step.started_at
        else 0.0
    )
    told = (
        facts_of(step.name, step.evidence)
        if step.state == "done"
        else " ".join((step.error or "").split())
    )
    color = STATE_COLORS.get(step.state, "yellow")
    return (
        f"{deployment.environment} #{deployment.number}",
        step.name,
        f"[{color}]{step.state}[/{color}]",
        f"{seconds:.1f}",
        data(told),
    )

"""`tidegate check`: what is wrong with the files, before anybody is asked and before anything
runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from cli.shown import data
from tasks.plan.findings import Finding
from tidegate.secrecy.redaction import redact

MARKS = {"fault": "[red]✗[/red]", "risk": "[yellow]![/yellow]"}


def rows(found: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            key: redact(value) if isinstance(value, str) else value
            for key, value in asdict(one).items()
        }
        for one in found
    ]


def show(looked_at: Sequence[str], found: Sequence[Finding], console: Console) -> None:
    """One paragraph for each finding, and how many there are."""
    for one in found:
        place = " ".join(filter(None, (one.stack, one.environment)))
        at = f"{one.file}:{one.line}: " if one.line else ""
        console.print(
            MARKS[one.kind],
            data(redact(f"{place}: {at}{one.doing}: {one.came_back}. {one.to_do}")),
            soft_wrap=True,
        )
    counts = ", ".join(
        f"{len([1 for one in found if one.kind == kind])} {kind}(s)" for kind in MARKS
    )
    where = ", ".join(looked_at) or ("" if found else "no environment")
    console.print(data(f"{counts} in {where}" if where else counts), soft_wrap=True)

"""What `tidegate status` shows of what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from cli.shown import data, line

Row = dict[str, Any]
"""What was found of one environment, by the names of `_row` in `cli.status`."""


def table(found: list[Row]) -> Table:
    shown = Table(title="What runs where")
    for heading in (
        "Stack",
        "Environment",
        "Version",
        "State",
        "Since",
        "Edge sends to",
        "Containers",
    ):
        shown.add_column(heading, no_wrap=heading == "Since")
    for row in found:
        version = (
            f"{row['version']} (#{row['number']})"
            if row["version"]
            else ""
            if row["fault"]
            else "nothing yet"
        )
        state = data(row["fault"], "red") if row["fault"] else _state(row)
        seen = (
            ("", "", "")
            if row["fault"]
            else (_since(row), _sent_to(row), data("\n".join(row["containers"])))
        )
        shown.add_row(line(row["stack"]), row["environment"] or "", line(version), state, *seen)
    return shown


def _state(row: Row) -> Text | str:
    """The ledger's word, and what people get all the same."""
    return (
        data(f"{row['state']}, but {row['trouble']}", "red")
        if row["trouble"]
        else row["state"] or ""
    )


def _since(row: Row) -> str:
    """In the stack's own time zone."""
    if row["since"] is None:
        return ""
    moment = datetime.fromisoformat(row["since"]).astimezone(ZoneInfo(row["time_zone"]))
    return f"{moment:%b %d %H:%M %Z}"


def _sent_to(row: Row) -> str:
    edge = row["edge"] or "nobody"
    # Somebody else's is shown with its whole name.
    shown = edge.replace(f"{row['stack']}/{row['environment']}/", "#")
    if row["agrees"]:
        return f"[green]{shown}[/green]"
    return f"[red]{shown}, not #{row['number'] or 'nobody'}[/red]"

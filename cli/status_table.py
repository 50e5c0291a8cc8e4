"""What `tidegate status` shows of what it found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from cli.shown import data, line
from tidegate.secrecy.outside_text import one_line
from tidegate.versions import short_id

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
        named = data("\n".join([one_line(version), *_commits(row)]))
        shown.add_row(line(row["stack"]), row["environment"] or "", named, state, *seen)
    return shown


def _commits(row: Row) -> list[str]:
    """Where a version is of several repositories, its name alone does not say which commits."""
    further = [f"{name} {short_id(sha)}" for name, sha in row["further"].items()]
    return [short_id(row["commit"]), *further] if further else []


def called_notes(found: Iterable[Row]) -> list[str]:
    """By which names and ports others of the server call who serves, in a sentence for each
    environment."""
    return [
        f"{row['stack']} {row['environment']}: others call it by {', '.join(row['called'])}"
        for row in found
        if row["called"]
    ]


def base_notes(found: Iterable[Row]) -> list[str]:
    """What no release will do, in a sentence for each environment."""
    return [sentence for row in found for sentence in _base_notes(row)]


def _base_notes(row: Row) -> Iterator[str]:
    stack, environment = row["stack"], row["environment"]
    if waiting := row["base_waiting"]:
        said = (
            "runs otherwise than the files say, and no release changes it"
            if len(waiting) == 1
            else "run otherwise than the files say, and no release changes them"
        )
        yield (
            f"{stack} {environment}: {', '.join(waiting)} {said}: "
            f"`tidegate base {stack} {environment}`"
        )
    if row["base_unknown"]:
        yield (
            f"{stack} {environment}: nobody can say here whether it runs as the files say: "
            f"{row['base_unknown']}. See `tidegate base {stack} {environment} --plan-only`"
        )


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

"""`tidegate versions`: what can be released, what serves where, and what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from cli.shown import commit_facts, commit_lines, data, line
from tasks.frame.asked import Releasable
from tidegate.stack.versions import is_version_tag


def rows(found: Sequence[Releasable]) -> list[dict[str, Any]]:
    return [{**asdict(one), **commit_facts(one.commit), "at": one.at.isoformat()} for one in found]


def table(found: Sequence[Releasable], stack: str) -> Table:
    shown = Table(title=line(f"{stack}, newest first"))
    for heading in ("Version", "Commit", "Of", "What", "Serves", "Held"):
        shown.add_column(heading, no_wrap=heading in ("Version", "Of"))
    for one in found:
        shown.add_row(
            line(one.version),
            data("\n".join([commit_lines(one.commit), *_untagged(one)])),
            f"{one.at:%Y-%m-%d %H:%M}",
            line(one.subject, 80),
            line(", ".join(one.serves), style="green"),
            line(one.held or "", 80, style="red"),
        )
    return shown


def _untagged(one: Releasable) -> list[str]:
    """Why it cannot be released."""
    why = (
        "has no such tag, or two"
        if is_version_tag(one.version)
        else "needs a `branch` in stack.yaml, or release a tag"
    )
    return [f"{repository} {why}" for repository in one.untagged]

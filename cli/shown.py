"""Texts of others at a terminal: what is in them is shown, never obeyed; and commits, as all tables
show them."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from tidegate.secrecy.outside_text import clean, one_line
from tidegate.versions import MAIN, hashes_in, short_id


def data(text: str, style: str = "") -> Text:
    """A text of several lines as it is: no colours by `[red]`, no pictures by `:bell:`, no escape
    sequence."""
    return Text(clean(text), style=style)


def line(text: str, most: int = 500, style: str = "") -> Text:
    """The same on one line."""
    return Text(one_line(text, most), style=style)


def commit_lines(version_id: str) -> str:
    """12 digits of its commit, or of its digest; below it those of further repositories."""
    return short_id(version_id).replace(" + ", "\n")


def commit_facts(version_id: str | None) -> dict[str, Any]:
    """For `--json`: the stack's own `commit`, or its images, and those of `further` repositories
    by name."""
    hashes = hashes_in(version_id) if version_id else {}
    return {"commit": hashes.pop(MAIN, version_id), "further": hashes}

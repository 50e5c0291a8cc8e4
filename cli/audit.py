"""`tidegate audit verify`: does the ledger still say what was written into it?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.markup import escape

from tidegate.ledger.anchors import Anchor
from tidegate.ledger.auditing import compare
from tidegate.ledger.verifying import Finding, Report
from tidegate.secrecy.outside_text import one_line
from tidegate.settings import Settings

LONGEST_VALUE = 120


def report(settings: Settings, anchors: list[str]) -> Report:
    """`anchors` are hashes that a person has kept elsewhere. Raises InputError, LedgerError."""
    return compare(settings, [Anchor.parse(text) for text in anchors])


def as_json(found: Report) -> dict[str, Any]:
    return asdict(found) | {"newest": str(found.newest), "whole": found.is_whole}


def lines(found: Report) -> list[str]:
    """For a terminal, as markup: what was compared, then each difference with what the trail and
    the table say."""
    head = (
        f"{found.entries} entries, {found.rows} rows, {found.anchors} hash(es) that were "
        "kept outside of the ledger"
    )
    notes = (
        []
        if not found.partly_known
        else [
            f"{found.partly_known} row(s) were written by version 0.1: the trail holds a part "
            "of their fields, and only that part was compared."
        ]
    )
    notes += (
        []
        if found.anchors
        else [
            "No hash was kept before: a trail whose end was cut off cannot be "
            "told from a whole one."
        ]
    )
    verdict = (
        "[green]✓[/green] nothing differs"
        if found.is_whole
        else f"[red]✗[/red] {len(found.findings)} difference(s)"
    )
    return [
        head,
        *notes,
        *(line for finding in found.findings for line in _lines(finding)),
        verdict,
        f"newest hash, to keep elsewhere: {found.newest}",
    ]


def _lines(finding: Finding) -> list[str]:
    """What was edited may be anything: it is shown as one line of data."""
    said = (
        []
        if finding.trail is None
        else [
            f"    the trail says {escape(one_line(finding.trail, LONGEST_VALUE))}",
            f"    the table says {escape(one_line(finding.table or '', LONGEST_VALUE))}",
        ]
    )
    return [f"[red]•[/red] {escape(one_line(finding.text))}", *said]

"""Whether the ledger still says what was written into it, for the command and for the daily run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from tidegate.facts import Message
from tidegate.ledger.anchors import Anchor, AnchorFile
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.verifying import Finding, Report
from tidegate.pages.texts import TEXTS
from tidegate.secrecy.outside_text import markdown_text, one_line
from tidegate.settings import Settings

MOST_TOLD, MOST_SHOWN = 5, 100
"""Differences in a message, on a page."""
DAYS_BETWEEN_REMINDERS = 7
MOST_OF_ONE = 300  # characters: names of rows may have been edited too


def compare(settings: Settings, given: Sequence[Anchor] = ()) -> Report:
    """The audit trail, all tables, and the hashes kept in the home folder and `given`. Raises
    LedgerError."""
    kept, faults = AnchorFile(settings.home).read()  # before the ledger, which grows meanwhile
    ledger = Ledger(settings.database_url)
    try:
        return ledger.audit.verify([*kept, *given], faults)
    finally:
        ledger.close()


def message_of(findings: Sequence[Finding], language: str) -> Message:
    """Red: names what differs. It holds no values, which may be anything; names of rows may have
    been edited too."""
    texts = TEXTS[language]
    told = _listed(findings, MOST_TOLD, one_line, language)
    return Message(
        "audit_differs",
        "red",
        texts["audit_differs.title"],
        texts["audit_differs.body"].format(findings=told),
    )


def key_of(findings: Sequence[Finding], now: datetime) -> str:
    """One message for the same findings, and one more each week for as long as they stay."""
    content = "\n".join(sorted(finding.text for finding in findings))
    week = now.toordinal() // DAYS_BETWEEN_REMINDERS
    return f"audit/{hashlib.sha256(content.encode()).hexdigest()[:16]}/{week}"


def page_of(report: Report, language: str) -> str:
    """For the Prefect UI, as markdown."""
    texts = TEXTS[language]
    figures = texts["audit.figures"].format(
        entries=report.entries, rows=report.rows, anchors=report.anchors
    )
    parts = [
        f"## {texts['audit.whole' if report.is_whole else 'audit_differs.title']}",
        figures,
        _listed(report.findings, MOST_SHOWN, markdown_text, language),
        f"{texts['audit.newest']}: `{report.newest}`",
    ]
    return "\n\n".join(part for part in parts if part)


def _listed(
    findings: Sequence[Finding], most: int, shown: Callable[[str, int], str], language: str
) -> str:
    lines = [f"- {shown(finding.text, MOST_OF_ONE)}" for finding in findings[:most]]
    if len(findings) > most:
        lines.append(TEXTS[language]["and more"].format(count=len(findings)))
    return "\n".join(lines)

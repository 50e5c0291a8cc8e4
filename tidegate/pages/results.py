"""The pages of what was found: by smoke checks, in a backup, and by visitors during a switch."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.facts import Backup, CheckResult, FoundDatabases, TrafficFigures
from tidegate.pages.found import found_part
from tidegate.pages.layout import few, local, size_text, table
from tidegate.pages.words import WORDS, Words
from tidegate.secrecy.outside_text import code, markdown_text

ICONS = {"pass": "✓", "fail": "✗", "error": "✗"}


def smoke_page(results: Sequence[CheckResult], language: str, title: str) -> str:
    return f"# {WORDS[language]['checks']}: {title}\n\n{smoke_table(results, language)}"


def smoke_table(results: Sequence[CheckResult], language: str) -> str:
    words = WORDS[language]
    rows = [
        (
            ICONS[one.outcome],
            markdown_text(one.name),
            markdown_text(one.detail),
            _seconds(one.seconds),
        )
        for one in results
    ]
    return (
        table(("", words["check"], words["found"], words["time"]), rows)
        if rows
        else words["nothing"]
    )


def backup_page(
    backup: Backup,
    language: str,
    time_zone: str,
    found: Sequence[FoundDatabases] = (),
    planned: Sequence[FoundDatabases] = (),
) -> str:
    """What it holds. `found` is what patterns of databases found for it, and `planned` what they
    found for the plan."""
    words = WORDS[language]
    rows = [(code(name), str(count)) for name, count in sorted(backup.tables.items())]
    parts = [
        f"# {words['backup']}",
        backup_text(backup, time_zone, words),
        found_part(found, planned, words),
        table((words["table"], words["rows"]), few(rows)) if rows else words["no_tables"],
        f"SHA-256 `{backup.sha256}`",
    ]
    return "\n\n".join(part for part in parts if part)


def traffic_page(figures: TrafficFigures, language: str) -> str:
    words = WORDS[language]
    icon = ICONS["pass" if figures.failed == 0 else "fail"]
    row = (
        str(figures.total),
        f"{icon} {figures.failed}",
        f"{figures.longest_gap_seconds * 1000:.0f} ms",
        f"{figures.p95_seconds * 1000:.0f} ms",
        f"{figures.seen_seconds:.0f} s",
    )
    return f"# {words['traffic']}\n\n" + table(
        (words["requests"], words["failed"], words["gap"], "p95", words["seen_for"]), [row]
    )


def backup_text(backup: Backup, time_zone: str, words: Words) -> str:
    return words["backup_text" if backup.tables else "backup_of_nothing"].format(
        at=local(backup.verified_at or backup.made_at, time_zone),
        size=size_text(backup.size),
        tables=len(backup.tables),
        rows=sum(backup.tables.values()),
        dump=f"{backup.dump_seconds:.1f}",
        restore=f"{backup.restore_seconds:.1f}",
    )


def _seconds(seconds: float) -> str:
    if not seconds:
        return ""  # what was not asked over the network has no time worth showing
    milliseconds = max(round(seconds * 1000), 1)
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{seconds:.1f} s"

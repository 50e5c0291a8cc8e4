"""What a person reads before data are overwritten, as markdown."""

from __future__ import annotations

from datetime import datetime

from tidegate.backups.restores import RestorePlan
from tidegate.pages.found import restored_part
from tidegate.pages.layout import MOST_ROWS, age_text, facts, few, local, size_text, table
from tidegate.pages.words import WORDS, Words
from tidegate.secrecy.outside_text import code

START_SECONDS = 15
"""Stop, start and checks of a small application, beside the times of the backup itself."""


def restore_page(
    plan: RestorePlan,
    language: str,
    *,
    now: datetime,
    expires: datetime,
    time_zone: str,
    note: str = "",
) -> str:
    """Evidence and question, in the order a person asks: what is lost, what is there after, how
    long nobody is served."""
    words, backup = WORDS[language], plan.backup
    seconds = round(2 * backup.dump_seconds + 2 * backup.restore_seconds + START_SECONDS)
    parts = [
        f"> **⚠ {note}**" if note else "",
        f"## {words['restore']}: {plan.serving.stack} {plan.serving.environment}",
        _summary(plan, words, now, time_zone),
        words["restore_loss"].format(at=local(backup.made_at, time_zone)),
        restored_part(plan, words),
        f"### {words['restore_rows']}\n\n{_rows(plan, words)}",
        f"### {words['restore_steps']}\n\n"
        f"{words['restore_steps_text'].format(version=plan.version, seconds=seconds)}",
        f"{words['hash']}: `{plan.hash[:12]}`",
        f"### {words['decide']}\n\n"
        f"{words['restore_decide'].format(expires=local(expires, time_zone))}",
    ]
    return "\n\n".join(part for part in parts if part)


def _summary(plan: RestorePlan, words: Words, now: datetime, time_zone: str) -> str:
    backup, serving = plan.backup, plan.serving
    made = (
        f"{local(backup.made_at, time_zone)} ({age_text(now - backup.made_at, words)}), "
        f"{size_text(backup.size)}"
    )
    return facts(
        [
            (words["runs_now"], f"{serving.version} (#{serving.number})"),
            (words["restore_version"], plan.version),
            (words["restore_backup"], f"`{backup.id}`: {made}"),
            (words["revision"], code(backup.schema_revision or "∅")),
        ]
    )


def _rows(plan: RestorePlan, words: Words) -> str:
    """Where there are very many tables, those that change come first."""
    names = sorted({*plan.rows, *plan.backup.tables})
    if len(names) > MOST_ROWS:
        names.sort(key=lambda name: plan.rows.get(name) == plan.backup.tables.get(name))
    rows = [
        (
            code(name),
            _count(plan.rows.get(name)),
            _count(plan.backup.tables.get(name)),
            f"{plan.backup.tables.get(name, 0) - plan.rows.get(name, 0):+d}",
        )
        for name in names
    ]
    head = words["table"], words["now"], words["after"], words["difference"]
    return table(head, few(rows)) if rows else words["no_tables"]


def _count(rows: int | None) -> str:
    return "–" if rows is None else str(rows)

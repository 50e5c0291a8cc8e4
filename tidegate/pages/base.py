"""What a person reads before base services are made anew, as markdown."""

from __future__ import annotations

from datetime import datetime

from tidegate.facts import Backup
from tidegate.pages.layout import facts, listed, local, table
from tidegate.pages.words import WORDS, Words
from tidegate.plan.base_changes import BaseChange, BasePlan
from tidegate.secrecy.outside_text import code
from tidegate.versions import IMAGE_ID, short_id


def base_title(plan: BasePlan, language: str) -> str:
    return f"{WORDS[language]['page base']}: {plan.stack} {plan.environment}"


def base_page(
    plan: BasePlan,
    language: str,
    *,
    time_zone: str,
    backup: Backup | None,
    expires: datetime | None = None,
    note: str = "",
) -> str:
    """Evidence, and with `expires` the question: which services, why, how long nobody is served,
    and what happens when it fails. `backup` is the last verified one."""
    words = WORDS[language]
    parts = [
        f"> **⚠ {note}**" if note else "",
        f"## {words['base']}: {plan.stack} {plan.environment}",
        facts([(words["runs_now"], plan.version)]),
        *(_changing(plan, words, backup) if plan.changes else [words["base_none"]]),
        *_others(plan, words),
        f"{words['hash']}: `{plan.hash[:12]}`",
        _decision(words, expires, time_zone) if expires else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _changing(plan: BasePlan, words: Words, backup: Backup | None) -> list[str]:
    head = ("service", "base_what", "base_image", "base_data", "base_wait")
    return [
        table([words[name] for name in head], [_row(one, words) for one in plan.changes]),
        f"### {words['base_steps']}\n\n{_steps(plan, words, backup)}",
        words["base_back"],
    ]


def _row(one: BaseChange, words: Words) -> tuple[str, ...]:
    images = map(_shown, dict.fromkeys((one.old_image, one.new_image)))
    databases = [words["base_database"].format(name=code(name)) for name in one.databases]
    return (
        code(one.service),
        listed(one.what),
        " → ".join(map(code, images)),
        ", ".join([*databases, *map(code, one.volumes)]) or "–",
        f"{one.stop_seconds:.0f} / {one.start_seconds:.0f}",
    )


def _shown(image: str) -> str:
    return short_id(image) if image.startswith(IMAGE_ID) else image


def _steps(plan: BasePlan, words: Words, backup: Backup | None) -> str:
    took = round(backup.dump_seconds + backup.restore_seconds) if backup else None
    known = words["base_backup"].format(seconds=took if took is not None else "–")
    return words["base_closed" if plan.is_closed else "base_open"].format(
        save=words["base_save"] if plan.saves else "",
        stop=f"{plan.stop_seconds:.0f}",
        start=f"{plan.start_seconds:.0f}",
        backup=known if plan.saves else "",
    )


def _others(plan: BasePlan, words: Words) -> list[str]:
    named = (("base_not_touched", plan.removed), ("base_missing", plan.missing))
    return [words[name].format(names=listed(services)) for name, services in named if services]


def _decision(words: Words, expires: datetime, time_zone: str) -> str:
    until = words["base_decide"].format(expires=local(expires, time_zone))
    return f"### {words['decide']}\n\n{until}"

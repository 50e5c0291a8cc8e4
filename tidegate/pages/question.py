"""The few plain sentences above a form. Everything else stands on the page that they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tidegate.backups.restores import RestorePlan
from tidegate.pages.layout import local
from tidegate.pages.outage import handing_over_text, outage_text, way_back_text
from tidegate.pages.stages import try_it
from tidegate.pages.words import WORDS
from tidegate.plan.base_changes import BasePlan
from tidegate.plan.changes import Plan
from tidegate.secrecy.outside_text import markdown_text


def about_release(plan: Plan, language: str, *, requested_by: str) -> tuple[str, ...]:
    """What a person must know of a release before any other thing."""
    words, running = WORDS[language], plan.running
    version = markdown_text(plan.version.name)
    return (
        words["ask"].format(
            stack=plan.stack, version=version, environment=plan.place.inside(language)
        ),
        words["ask_runs"].format(version=markdown_text(running.version))
        if running
        else words["ask_first"],
        words["ask_by"].format(name=markdown_text(requested_by)),
        words["ask_schema"].format(kind=words[f"kind {plan.kind}"]),
        way_back_text(plan, language, markdown_text(running.version) if running else ""),
        *([outage_text(plan, language)] if plan.running and plan.in_place else []),
        *([handing_over_text(plan, language)] if plan.handed_over else []),
        *([words["ask_try"].format(link=try_it(plan, language))] if plan.staged else []),
    )


def about_restore(plan: RestorePlan, language: str, *, time_zone: str) -> tuple[str, ...]:
    """What a restore does, and what it takes away."""
    words, at = WORDS[language], local(plan.backup.made_at, time_zone)
    return (
        words["ask_restore"].format(
            stack=plan.serving.stack, at=at, version=markdown_text(plan.version)
        ),
        words["restore_loss"].format(at=at),
    )


def about_base(plan: BasePlan, language: str) -> tuple[str, ...]:
    """Which services are made anew, and what people notice of it."""
    words = WORDS[language]
    return (
        words["ask_base"].format(
            stack=plan.stack,
            services=markdown_text(", ".join(plan.services)),
            version=markdown_text(plan.version),
        ),
        words["ask_base_closed" if plan.is_closed else "ask_base_open"],
        *([words["ask_base_saved"]] if plan.saves else []),
    )


def form_text(
    sentences: Sequence[str],
    language: str,
    *,
    expires: datetime,
    time_zone: str,
    page: str,
    note: str,
) -> str:
    """One paragraph, which reads the same wherever a program shows it without line breaks."""
    words = WORDS[language]
    until = words["ask_until"].format(expires=local(expires, time_zone))
    warning = [f"**⚠ {note}**"] if note else []
    return " ".join([*warning, *sentences, until, f"**[{words['ask_page']}]({page})**"])

"""The pages that a decision rests on, as markdown in the Prefect UI: the plan, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tidegate.facts import Backup, MigrationClass, Revision, SchemaChange
from tidegate.pages.commits import commits_part
from tidegate.pages.found import found_rows
from tidegate.pages.images import images_part
from tidegate.pages.layout import age_text, duration_text, facts, listed, local, table
from tidegate.pages.outage import handing_over_text, outage_text, way_back_text
from tidegate.pages.results import backup_text, smoke_table
from tidegate.pages.words import WORDS, Words
from tidegate.plan.changes import Plan
from tidegate.plan.resolved import Part, names_of
from tidegate.schema.states import shown
from tidegate.secrecy.outside_text import code, code_block, markdown_text
from tidegate.stack.envfile import EnvDiff
from tidegate.versions import short_id


def plan_page(plan: Plan, language: str) -> str:
    """What would change, in the order a person asks about it."""
    words = WORDS[language]
    return "\n\n".join(
        [
            f"# {plan_title(plan, language)}",
            _summary(plan, words, language),
            *(f"## {part}" for part in _what_changes(plan, words)),
            f"## {words['config']}\n\n{_config(plan, words)}",
            *([f"## {_privileges(plan, words)}"] if plan.privileges else []),
            *([f"## {words['accepted']}\n\n{_accepted(plan, words)}"] if plan.accepted else []),
            f"## {words['migration']}\n\n{_schema(plan.schema, words)}",
            f"## {words['way_back']}\n\n{_way_back(plan, language)}",
            f"## {words['preflight']}\n\n{smoke_table(plan.preflight, language)}",
            f"{words['hash']}: `{plan.hash}`",
        ]
    )


def plan_title(plan: Plan, language: str) -> str:
    return f"{WORDS[language]['plan']}: {plan.stack} {plan.version.name} → {plan.environment}"


def evidence_page(
    plan: Plan,
    language: str,
    *,
    now: datetime,
    expires: datetime,
    time_zone: str,
    backup: Backup | None,
    requested_by: str,
    note: str = "",
) -> str:
    """All that an approver should read before the form."""
    words = WORDS[language]
    parts = [
        f"> **⚠ {note}**" if note else "",
        f"## {plan.stack} {plan.version.name} → {plan.environment}",
        _summary(plan, words, language),
        f"**{words['asked_by']}:** {markdown_text(requested_by)}",
        _where_to_try(plan, words, language),
        *(f"### {part}" for part in _what_changes(plan, words)),
        _staged_smoke(plan, words, language),
        f"### {words['migration']}\n\n{_schema(plan.schema, words)}",
        f"### {words['config']}\n\n{_config(plan, words)}",
        f"### {_privileges(plan, words)}" if plan.privileges else "",
        f"### {words['accepted']}\n\n{_accepted(plan, words)}" if plan.accepted else "",
        f"### {words['way_back']}\n\n{_way_back(plan, language)}",
        f"### {words['backup']}\n\n{_last_backup(plan, backup, time_zone, language, now)}",
        f"{words['hash']}: `{plan.hash[:12]}`",
        f"### {words['decide']}\n\n{_decide(plan, words, language, local(expires, time_zone))}",
    ]
    return "\n\n".join(part for part in parts if part)


def _what_changes(plan: Plan, words: Words) -> list[str]:
    """What was done comes first; of images of others nothing is known but what they say
    themselves."""
    commits, images = (
        f"{words['commits']}\n\n{commits_part(plan, words)}",
        f"{words['images']}\n\n{images_part(plan, words)}",
    )
    return [commits, images] if plan.version.commit else [images, commits]


def try_it(plan: Plan, language: str) -> str:
    """A link to the environment that the version has come through; empty where it has come through
    none."""
    if plan.staged is None:
        return ""
    place = plan.staged.place.inside(language)
    return f"[{WORDS[language]['try_it'].format(place=place)}]({plan.staged.url})"


def _where_to_try(plan: Plan, words: Words, language: str) -> str:
    if plan.staged is None:
        return ""
    place, url = plan.staged.place.inside(language), plan.staged.url
    return f"**{words['try_it'].format(place=place)}:** [{url}]({url})"


def _staged_smoke(plan: Plan, words: Words, language: str) -> str:
    if plan.staged is None:
        return ""
    heading = words["smoke"].format(place=plan.staged.place.inside(language))
    return f"### {heading}\n\n{smoke_table(plan.staged.smoke, language)}"


def _decide(plan: Plan, words: Words, language: str, expires: str) -> str:
    """What each answer leads to: after a no, whatever the release has come through keeps this
    version."""
    place = plan.place
    kept = (
        words["staged_keeps"].format(place=plan.staged.place.inside(language))
        if plan.staged
        else ""
    )
    go = words["go saved" if plan.saves else "go"].format(place=place.inside(language))
    return words["decide_text"].format(
        expires=expires, go=go, place=place.inside(language), kept=kept
    )


def changed_note(
    plan: Plan,
    language: str,
    *,
    old_commit: str,
    old_running: str | None,
    configuration: Mapping[Part, EnvDiff],
) -> str:
    """Why a question is put again: what is another now than when it was put before."""
    words, running = WORDS[language], plan.running.id if plan.running else None
    found = []
    if plan.version.id != old_commit:
        found.append(
            f"{markdown_text(plan.version.name)}: `{short_id(old_commit)}` → "
            f"`{short_id(plan.version.id)}`"
        )
    if running != old_running:
        found.append(words["runs_now"])
    if names := names_of(configuration):
        found.append(listed(names))
    again = (
        words["staged_again"].format(place=plan.staged.place.inside(language))
        if plan.staged
        else ""
    )
    what = "; ".join(found) or again
    return f"{words['plan_changed']} {words['it_changed'].format(what=what)}"


def _summary(plan: Plan, words: Words, language: str) -> str:
    running = (
        f"{plan.running.version} (#{plan.running.number})"
        if plan.running
        else words["nothing_runs"]
    )
    rows = [
        (words["runs_now"], running),
        (words["new"], f"{plan.version.name} (`{short_id(plan.version.id)}`)"),
        (words["domains"], ", ".join(plan.addresses or plan.domains)),
        *(
            [(words["shares_names"], ", ".join(plan.shares_names_with))]
            if plan.shares_names_with
            else []
        ),
        *([(words["interruption"], _interruption(plan, words, language))] if plan.running else []),
        *([(words["calls"], handing_over_text(plan, language))] if plan.handed_over else []),
        *([(words["watched"], _watched(plan, words))] if plan.running else []),
        (words["schema"], _kind(plan.kind, plan.way_back == "ask the data", words)),
        *found_rows(plan.found, words),
    ]
    return facts(rows)


def _watched(plan: Plan, words: Words) -> str:
    return words["watched_for"].format(time=duration_text(plan.watch_seconds, words))


def _interruption(plan: Plan, words: Words, language: str) -> str:
    """Measured where it was; a promise is no evidence."""
    if plan.in_place:
        return outage_text(plan, language)
    if plan.staged is None:
        return words["not_measured"]
    seen, place = plan.staged.traffic, plan.staged.place.inside(language)
    if seen is None:
        return words["not_measured_on"].format(place=place)
    return words["measured"].format(
        place=place,
        total=seen.total,
        failed=seen.failed,
        gap=f"{seen.longest_gap_seconds * 1000:.0f}",
    )


def _config(plan: Plan, words: Words) -> str:
    """By name, under the file it stands in; values are never shown."""
    parts = [
        f"**{words[f'part {part}']}**\n\n{_names(diff, words)}"
        for part, diff in plan.config.items()
    ]
    return "\n\n".join(parts) or words["nothing"]


def _names(diff: EnvDiff, words: Words) -> str:
    groups = [
        ("added", diff.added),
        ("removed", diff.removed),
        ("changed", diff.changed),
        ("emptied", diff.emptied),
    ]
    return "\n".join(f"- {words[name]}: " + listed(keys) for name, keys in groups if keys)


def _privileges(plan: Plan, words: Words) -> str:
    """What a container gets of its host, and why: a person who approves approves that too."""
    rows = [(one.service, one.detail, one.reason) for one in plan.privileges]
    return f"{words['privileges']}\n\n{words['privileges_text']}\n\n" + table(
        (words["service"], words["setting"], words["reason"]), rows
    )


def _accepted(plan: Plan, words: Words) -> str:
    """What no release guards, because the team says why."""
    rows = [
        (code(one.name), words[f"accepted {one.what}"], markdown_text(one.reason))
        for one in plan.accepted
    ]
    return table((words["name"], words["accepted_what"], words["reason"]), rows)


def _schema(schema: Sequence[SchemaChange], words: Words) -> str:
    return (
        "\n\n".join(_one_schema(change, words) for change in schema if change.revisions)
        or words["no_migration"]
    )


def _one_schema(change: SchemaChange, words: Words) -> str:
    rows = [
        f"- {code(one.id)} {markdown_text(one.message)}: "
        f"**{_kind(one.kind, bool(one.fits), words)}**" + _why(one)
        for one in change.revisions
    ]
    return "\n".join(
        [
            f"{change.database}: {code(shown(change.current) or '∅')} → {code(shown(change.head))}",
            "",
            *rows,
            "",
            code_block(change.upgrade_sql, "sql"),
        ]
    )


def _kind(kind: MigrationClass, is_asked: bool, words: Words) -> str:
    return words["kind asked" if is_asked else f"kind {kind}"]


def _why(revision: Revision) -> str:
    return f" ({markdown_text('; '.join(revision.reasons))})" if revision.reasons else ""


def _way_back(plan: Plan, language: str) -> str:
    return way_back_text(plan, language, plan.running.version if plan.running else "")


def _last_backup(
    plan: Plan, backup: Backup | None, time_zone: str, language: str, now: datetime
) -> str:
    words = WORDS[language]
    if not plan.saves:
        return words["no_backup_here"]
    if backup is None or backup.verified_at is None:
        return words["no_backup"]
    return words["last_backup"].format(
        place=plan.place.inside(language),
        age=age_text(now - backup.verified_at, words),
        text=backup_text(backup, time_zone, words),
    )

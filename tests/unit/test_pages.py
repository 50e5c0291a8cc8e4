"""The pages people read: both languages say the same things, and what is shown cannot break its
table."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import Formatter

import pytest

from tests.unit.plans import AT, COMMIT, STAGED, a_plan, schema_change
from tests.unit.test_smoke_page import cells
from tidegate.facts import Backup, Fit, MigrationClass, TrafficFigures
from tidegate.pages.base_words import BASE_EN, BASE_ZH
from tidegate.pages.commits import MOST_COMMITS
from tidegate.pages.found_words import FOUND_EN, FOUND_ZH
from tidegate.pages.layout import local
from tidegate.pages.restore_words import RESTORE_EN, RESTORE_ZH
from tidegate.pages.results import backup_page, traffic_page
from tidegate.pages.stages import changed_note, evidence_page, plan_page
from tidegate.pages.words import EN, WORDS, ZH
from tidegate.plan.changes import Plan
from tidegate.plan.resolved import Part
from tidegate.stack.envfile import EnvDiff
from tidegate.versions import MAIN, Version

LANGUAGES = sorted(WORDS)
WORDS_OF_STAGING = {"en": "staging", "zh": "测试环境"}
BACKUP = Backup(
    id="b1",
    path="/backups/b1",
    size=2048,
    sha256="5e" * 32,
    schema_revision="0001",
    tables={"bills": 12},
    dump_seconds=1.5,
    restore_seconds=2.5,
    made_at=AT,
    verified_at=AT,
)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def evidence(
    plan: Plan, language: str = "en", *, backup: Backup | None = None, note: str = ""
) -> str:
    return evidence_page(
        plan,
        language,
        now=AT + timedelta(hours=3),
        expires=AT + timedelta(hours=48),
        time_zone="Asia/Tokyo",
        backup=backup,
        requested_by="mei",
        note=note,
    )


def test_both_languages_have_the_same_words_with_the_same_fields() -> None:
    zh, en = WORDS["zh"], WORDS["en"]
    assert zh.keys() == en.keys()
    assert {key: fields(text) for key, text in zh.items()} == {
        key: fields(text) for key, text in en.items()
    }


def test_no_table_of_words_overwrites_a_word_of_another() -> None:
    """The smoke table once had the heading `Databases of {entry} ({pattern})`."""
    for language, tables in (
        ("zh", (ZH, BASE_ZH, RESTORE_ZH, FOUND_ZH)),
        ("en", (EN, BASE_EN, RESTORE_EN, FOUND_EN)),
    ):
        assert sum(len(one) for one in tables) == len(WORDS[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_language_is_said(language: str) -> None:
    assert all(text.strip() for text in WORDS[language].values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_break_in_a_revision_stays_on_its_line(language: str) -> None:
    change = schema_change("lossy")
    bad = replace(change.revisions[0], message="drop a|b\nand c", reasons=("drops\nx|y",))
    page = plan_page(replace(a_plan(), schema=(replace(change, revisions=(bad,)),)), language)
    assert f"drop a\\|b and c: **{WORDS[language]['kind lossy']}** (drops x\\|y)\n" in page


def test_the_evidence_shows_what_a_person_decides_about() -> None:
    page = evidence(a_plan(), backup=BACKUP)
    for shown in (
        "v1.1.0",
        "v1.0.0 (#1)",
        "feat: discounts",
        "NEW_KEY",
        "services.worker",
        "services.web.privileged",
        "Compose files",
        "**Asked for by:** mei",
        "0001",
        "0002",
        "CREATE TABLE discount_cache",
        "status 200",
        "not measured on staging",
        "3 hours old",
        "http://staging.cloudlens.localhost:8080",
        "2.0 KiB",
        "12 rows",
        "2026-03-03 21:00 (Asia/Tokyo)",
        a_plan().hash[:12],
    ):
        assert shown in page


def test_an_interruption_is_what_staging_measured() -> None:
    seen = TrafficFigures(total=152, failed=3, longest_gap_seconds=0.04, p95_seconds=0.01)
    page = evidence(replace(a_plan(), staged=replace(STAGED, traffic=seen)))
    assert "on staging 3 of 152 requests failed; longest gap 40 ms" in page


def test_a_value_that_became_empty_is_shown() -> None:
    assert "Now empty: `GONE_VALUE`" in plan_page(a_plan(), "en")


def test_a_note_stands_above_everything_else() -> None:
    assert evidence(a_plan(), note="Give a reason.").startswith("> **⚠ Give a reason.**")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_note_on_a_second_page_names_what_is_different(language: str) -> None:
    diffs: dict[Part, EnvDiff] = {
        "compose": EnvDiff(added=("services.web.privileged",)),
        "stack": EnvDiff(changed=("watch.seconds",)),
    }
    note = changed_note(
        a_plan(), language, old_commit="f" * 40, old_running="id-0", configuration=diffs
    )
    for shown in (
        "`ffffffffffff` → `19b9b9800000`",
        WORDS[language]["runs_now"],
        "`compose services.web.privileged`",
        "`stack watch.seconds`",
    ):
        assert shown in note
    same = changed_note(
        a_plan(), language, old_commit=COMMIT.sha, old_running="id-1", configuration={}
    )
    assert WORDS[language]["staged_again"].format(place=WORDS_OF_STAGING[language]) in same


def test_a_name_in_a_compose_file_cannot_write_on_the_page() -> None:
    diff = EnvDiff(added=("services.`[x](javascript:1)`\n# heading",))
    page = plan_page(replace(a_plan(), config={"compose": diff}), "en")
    assert "- Added: `services.ˋ[x](javascript:1)ˋ # heading`\n" in page


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("additive", "one switch back to v1.0.0"),
        ("needs downgrade", "downgrades the database"),
        ("lossy", "a person decides"),
        ("unknown", "a person decides"),
        ("irreversible", "a person decides"),
    ],
)
def test_the_way_back_is_said_before_the_decision(kind: MigrationClass, said: str) -> None:
    assert said in evidence(replace(a_plan(), schema=(schema_change(kind),)))


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Tidegate stops and a person decides"), ("zh", "系统会停下来，由负责人决定")],
)
def test_a_way_back_that_depends_on_the_data_says_so(language: str, said: str) -> None:
    change = schema_change("lossy")
    fits = (Fit("bills.note holds values of at most 20 characters", "SELECT 0"),)
    asked = replace(change, fits=fits, revisions=(replace(change.revisions[0], fits=fits),))
    page = evidence(replace(a_plan(), schema=(asked,)), language)
    assert said in page
    assert page.count(WORDS[language]["kind asked"]) == 2
    assert WORDS[language]["kind lossy"] not in page


def test_a_first_release_says_that_there_is_no_way_back() -> None:
    page = evidence(replace(a_plan(), running=None, staged=None))
    assert "no version to go back to" in page
    assert "(nothing yet)" in page


def test_a_backup_that_was_never_restored_is_not_shown_as_one() -> None:
    assert "12 rows" not in evidence(a_plan(), backup=replace(BACKUP, verified_at=None))
    assert "A backup is made before the release" in evidence(a_plan(), backup=None)


def test_a_long_list_of_commits_says_how_many_are_left_out() -> None:
    page = plan_page(replace(a_plan(), commits={MAIN: (COMMIT,) * (MOST_COMMITS + 3)}), "en")
    assert page.count("feat: discounts") == MOST_COMMITS
    assert "+3" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_backup_page_has_a_row_for_each_table(language: str) -> None:
    page = backup_page(replace(BACKUP, tables={"bills": 12, "users": 3}), language, "Asia/Tokyo")
    assert "| `bills` | 12 |" in page
    assert "| `users` | 3 |" in page
    without = backup_page(replace(BACKUP, tables={}), language, "Asia/Tokyo")
    assert WORDS[language]["no_tables"] in without
    assert not re.search(r"\b0 (rows|张)", without)


def test_one_lost_request_makes_the_traffic_page_red() -> None:
    good = TrafficFigures(total=500, failed=0, longest_gap_seconds=0.12, p95_seconds=0.05)
    assert "| 500 | ✓ 0 | 120 ms | 50 ms |" in traffic_page(good, "en")
    assert "| 50 ms | 900 s |" in traffic_page(replace(good, seen_seconds=900.4), "en")
    assert "✗ 1" in traffic_page(replace(good, failed=1), "en")


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=30), "0 min old"),
        (timedelta(minutes=119), "119 min old"),
        (timedelta(hours=2), "2 hours old"),
        (timedelta(hours=47), "47 hours old"),
        (timedelta(days=2, hours=5), "2 days old"),
    ],
)
def test_the_age_of_the_last_backup_is_said_in_the_unit_a_person_would_use(
    age: timedelta, said: str
) -> None:
    assert said in evidence(
        a_plan(), backup=replace(BACKUP, verified_at=AT + timedelta(hours=3) - age)
    )


def test_a_large_backup_is_not_counted_in_kibibytes() -> None:
    assert "3.0 MiB" in backup_page(replace(BACKUP, size=3 << 20), "en", "Asia/Tokyo")


def test_no_table_begins_with_an_empty_heading() -> None:
    lines = evidence(a_plan(), backup=BACKUP).splitlines()
    headings = [lines[number - 1] for number, line in enumerate(lines) if line.startswith("|---")]
    assert headings
    assert all(any(cell.strip() for cell in cells(row)) for row in headings)


def test_times_are_shown_in_the_stacks_time_zone_and_say_which() -> None:
    assert (
        local(datetime(2026, 3, 1, 16, 30, tzinfo=UTC), "Asia/Tokyo")
        == "2026-03-02 01:30 (Asia/Tokyo)"
    )


def test_a_version_given_as_a_commit_is_shown_as_it_was_typed() -> None:
    page = plan_page(replace(a_plan(), version=Version("sha-19b9b98", COMMIT)), "en")
    assert "# Release plan: cloudlens sha-19b9b98 → prod" in page


@pytest.mark.parametrize(
    ("language", "said"), [("en", "unknown: no automatic way back"), ("zh", "未知：无法自动回退")]
)
def test_a_class_that_nobody_knows_is_said_on_the_plan_and_where_a_person_decides(
    language: str, said: str
) -> None:
    plan = replace(
        a_plan(), schema=(replace(schema_change("unknown"), current="a b", head="a b c"),)
    )
    for page in (plan_page(plan, language), evidence(plan, language)):
        assert said in page
        assert "`(2)` → `(3)`" in page

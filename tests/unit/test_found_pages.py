"""What pages say of databases that patterns find: their number, the first of their names, and who
came or went since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.plans import AT, a_plan
from tests.unit.test_restores import PLAN, page
from tidegate.facts import Backup, FoundDatabases
from tidegate.pages.layout import MOST_ROWS
from tidegate.pages.results import backup_page
from tidegate.pages.stages import evidence_page, plan_page
from tidegate.pages.words import WORDS

THREE = FoundDatabases("tenants", "ten_*", ("ten_a", "ten_b", "ten_c"))
NONE = replace(THREE, names=())
MANY = replace(THREE, names=tuple(f"ten_{number:02}" for number in range(40)))
BACKUP = Backup("b1", "b1", 1, "", None, {"tenants:ten_a.t": 1}, 1, 1, AT, AT)
LANGUAGES = sorted(WORDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_and_the_evidence_name_them(language: str) -> None:
    plan = replace(a_plan(), found=(THREE,))
    evidence = evidence_page(
        plan,
        language,
        now=AT,
        expires=AT + timedelta(hours=1),
        time_zone="UTC",
        backup=None,
        requested_by="Mei",
    )
    for shown in (plan_page(plan, language), evidence):
        assert "`ten_*`" in shown
        assert "`ten_a`, `ten_b`, `ten_c`" in shown
    assert "ten_" not in plan_page(a_plan(), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_there_is_none_the_plan_warns(language: str) -> None:
    assert WORDS[language]["found_none"] in plan_page(replace(a_plan(), found=(NONE,)), language)
    assert WORDS[language]["found_saved_none"] in backup_page(BACKUP, language, "UTC", [NONE])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_promises_no_backup_of_those_that_are_saved_elsewhere(language: str) -> None:
    elsewhere, words = replace(THREE, is_saved=False), WORDS[language]
    shown = plan_page(replace(a_plan(), found=(elsewhere,)), language)
    assert words["found_now"].split("{")[-1] not in shown
    assert words["found_elsewhere"].format(count=3, names="`ten_a`, `ten_b`, `ten_c`") in shown


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    shown = plan_page(replace(a_plan(), found=(MANY,)), "en")
    assert "40 now: `ten_00`, " in shown
    assert "`ten_29`, … +10" in shown
    assert "ten_30" not in shown


def test_customers_who_come_and_go_void_no_decision() -> None:
    assert replace(a_plan(), found=(THREE,)).hash == a_plan().hash


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_backup_says_who_came_and_went_since_the_plan(language: str) -> None:
    now = replace(THREE, names=("ten_a", "ten_new"))
    shown, words = backup_page(BACKUP, language, "UTC", [now], [THREE]), WORDS[language]
    assert words["found_new"].format(names="`ten_new`") in shown
    assert words["found_gone"].format(names="`ten_b`, `ten_c`") in shown
    unplanned = backup_page(BACKUP, language, "UTC", [now])
    assert words["found_saved"].format(count=2, names="`ten_a`, `ten_new`") in unplanned
    assert words["found_new"].split("{")[0] not in unplanned


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_restore_says_who_comes_back_and_who_stays_as_they_are(language: str) -> None:
    shown = page(replace(PLAN, dropped=("tenants:x",), later=("tenants:y",)), language)
    words = WORDS[language]
    assert words["restore_dropped"].format(names="`tenants:x`") in shown
    assert words["restore_later"].format(names="`tenants:y`", version="v1.0.0") in shown
    assert words["restore_dropped"].split("{")[0] not in page(PLAN, language)
    assert replace(PLAN, later=("tenants:y",)).hash == PLAN.hash


def test_of_very_many_tables_a_restore_shows_first_those_that_change() -> None:
    tables = {f"tenants:ten_a.t{number:04}": 1 for number in range(MOST_ROWS + 5)}
    last = f"tenants:ten_a.t{MOST_ROWS + 4:04}"
    plan = replace(PLAN, backup=replace(BACKUP, tables=tables), rows={**tables, last: 7})
    shown = page(plan)
    assert f"| `{last}` | 7 | 1 | -6 |" in shown
    assert "| … +5 |" in shown
    assert f"t{MOST_ROWS + 3:04}" not in shown
    assert "| … +5 |" in backup_page(plan.backup, "en", "UTC")

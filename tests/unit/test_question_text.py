"""The sentences in a form: plain, short, the same in both languages, and nothing of others writes
among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.plans import AT, COMMIT, a_plan, schema_change
from tidegate.pages.question import about_release, form_text
from tidegate.pages.words import WORDS
from tidegate.plan.changes import Plan
from tidegate.versions import Version

LANGUAGES = sorted(WORDS)
STAGING, PAGE = (
    "http://staging.cloudlens.localhost:8080",
    "http://127.0.0.1:4200/artifacts/artifact/1",
)
MOST_CHARACTERS = 700


def question(plan: Plan, language: str = "en", *, requested_by: str = "mei", note: str = "") -> str:
    sentences = about_release(plan, language, requested_by=requested_by)
    return form_text(
        sentences,
        language,
        expires=AT + timedelta(hours=48),
        time_zone="Asia/Tokyo",
        page=PAGE,
        note=note,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_says_in_a_few_words_what_is_decided_until_when_and_where_the_rest_stands(
    language: str,
) -> None:
    text = question(a_plan(), language)
    for shown in (
        "cloudlens v1.1.0",
        "v1.0.0",
        "mei",
        WORDS[language]["kind additive"],
        "2026-03-03 21:00 (Asia/Tokyo)",
        f"]({STAGING})",
        f"]({PAGE})",
    ):
        assert shown in text
    assert len(text) < MOST_CHARACTERS
    assert "\n" not in text
    assert "CREATE TABLE" not in text


@pytest.mark.parametrize(("language", "stop"), [("zh", "。"), ("en", ".")])
def test_each_sentence_ends_as_its_language_ends_one(language: str, stop: str) -> None:
    sentences = about_release(a_plan(), language, requested_by="mei")
    assert [one for one in sentences if one[-1] != stop] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_speaks_of_an_old_version_where_there_is_none(language: str) -> None:
    text = question(replace(a_plan(), running=None), language)
    assert WORDS[language]["ask_first"] in text
    assert WORDS[language]["back none"] in text
    assert "v1.0.0" not in text


def test_a_note_stands_first_and_a_change_that_cannot_be_undone_is_said() -> None:
    text = question(
        replace(a_plan(), schema=(schema_change("lossy"),)), note="The plan has changed."
    )
    assert text.startswith("**⚠ The plan has changed.**")
    assert "There is no automatic way back to v1.0.0" in text


def test_names_of_others_make_no_link_and_no_line_in_a_form() -> None:
    text = question(
        replace(a_plan(), version=Version("[v](http://evil.example)", COMMIT)),
        requested_by="x\n# [y](http://evil)",
    )
    assert "](http://evil" not in text
    assert "\n" not in text

"""What people are told of a release during which nobody is served."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.plans import AT, STAGED, a_plan
from tests.unit.test_messages import short_record
from tidegate.pages.question import about_release
from tidegate.pages.stages import evidence_page, plan_page
from tidegate.pages.words import WORDS

PLAN = replace(a_plan(), in_place=("web",), most_outage_seconds=90)
MEASURED = replace(PLAN, staged=replace(STAGED, outage_seconds=4.25))


def form(language: str, plan: object = PLAN) -> str:
    return " ".join(about_release(plan, language, requested_by="mei"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "limit", "measured"),
    [("en", "at most 90 s", "(4.2 s on staging)"), ("zh", "最多 90 秒", "（测试环境实测 4.2 秒）")],
)
def test_plan_evidence_and_form_say_how_long_nobody_is_served(
    language: str, limit: str, measured: str
) -> None:
    evidence = evidence_page(
        MEASURED,
        language,
        now=AT,
        expires=AT + timedelta(hours=1),
        time_zone="UTC",
        backup=None,
        requested_by="mei",
    )
    for text in (plan_page(MEASURED, language), evidence, form(language, MEASURED)):
        assert limit in text
        assert measured in text
        assert "`web`" in text
    assert measured not in form(language)
    assert limit in form(language)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_the_way_back_is_promised_with_the_same_interruption(language: str) -> None:
    said = WORDS[language]["back in place"].format(version="v1.0.0")
    assert said in form(language)
    assert said in plan_page(PLAN, language)
    assert said not in plan_page(a_plan(), language)


def test_a_first_release_interrupts_nobody() -> None:
    assert "Nobody is served" not in form("en", replace(PLAN, running=None))


@pytest.mark.parametrize("language", sorted(WORDS))
def test_who_calls_a_container_that_was_taken_over_reads_when_it_answers_nobody(
    language: str,
) -> None:
    names = ("ocr:8080 (back)", ":8180")
    plan = replace(a_plan(), handed_over=names)
    said = WORDS[language]["handed_over"].format(names="`ocr:8080 (back)`, `:8180`")
    assert f"- **{WORDS[language]['calls']}:** {said}" in plan_page(plan, language)
    assert said in form(language, plan)
    assert said not in plan_page(a_plan(), language)
    assert said not in form(language, a_plan())


def test_whoever_approves_approves_the_interruption() -> None:
    assert PLAN.hash != a_plan().hash


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Nobody was served for 4.2 s while it was replaced"),
        ("zh", "更换期间网站中断了 4.2 秒"),
    ],
)
def test_a_record_tells_how_long_it_was(language: str, said: str) -> None:
    assert said in short_record(language, outage_seconds=4.24)

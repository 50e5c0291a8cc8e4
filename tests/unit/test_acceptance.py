"""What a filled-in form must hold before it counts as a decision."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.acceptance import DECISIONS
from tasks.forms import ACCEPTANCE, CHECKLIST, RESTORE, RESTORE_CHECKLIST, Form
from tidegate.acceptance import Answer, faults_of

CHECKED = dict.fromkeys(CHECKLIST, True)
APPROVAL = Answer("approve", "Josh", "tried everything", CHECKED)
LANGUAGES = sorted(ACCEPTANCE)


def test_a_whole_approval_counts() -> None:
    assert faults_of(APPROVAL, "en") == ""


def test_a_rejection_needs_no_checklist() -> None:
    assert faults_of(Answer("reject", "Josh", "bills are empty", dict.fromkeys(CHECKLIST, False)), "en") == ""


@pytest.mark.parametrize("item", CHECKLIST)
def test_an_approval_with_one_open_item_is_asked_again(item: str) -> None:
    assert "still open: 1" in faults_of(replace(APPROVAL, checklist={**CHECKED, item: False}), "en")


def test_a_decision_without_a_name_or_a_reason_is_asked_again() -> None:
    assert "your name" in faults_of(replace(APPROVAL, approver=""), "en")
    assert "a reason" in faults_of(replace(APPROVAL, reason=""), "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_faults_are_named_at_once(language: str) -> None:
    nothing = Answer("approve", "", "", dict.fromkeys(CHECKLIST, False))
    all_faults = faults_of(nothing, language)
    for one in (replace(nothing, checklist=CHECKED, reason="why"), replace(nothing, checklist=CHECKED, approver="Josh"),
                replace(nothing, approver="Josh", reason="why")):
        assert faults_of(one, language) in all_faults


@given(st.dictionaries(st.sampled_from(CHECKLIST), st.booleans(), min_size=1))
def test_an_approval_counts_exactly_when_nothing_is_open(checklist: dict[str, bool]) -> None:
    assert (faults_of(replace(APPROVAL, checklist=checklist), "en") == "") == all(checklist.values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("forms", "checklist"), [(ACCEPTANCE, CHECKLIST), (RESTORE, RESTORE_CHECKLIST)])
def test_each_form_has_its_whole_checklist_with_words_of_its_own(
        language: str, forms: dict[str, Form], checklist: tuple[str, ...]) -> None:
    """R18 for an acceptance: six items; each one is open until a person has looked."""
    fields = forms[language].model_fields
    assert set(fields) == {"decision", "approver", "reason", *checklist}
    assert [fields[item].default for item in checklist] == [False] * len(checklist)
    titles = {fields[item].title for item in checklist}
    assert len(titles) == len(checklist)
    assert None not in titles


def test_the_acceptance_has_the_six_items_of_the_product_managers() -> None:
    assert len(CHECKLIST) == 6


@pytest.mark.parametrize("forms", [ACCEPTANCE, RESTORE])
def test_both_languages_ask_for_the_same(forms: dict[str, Form]) -> None:
    assert len({frozenset(form.model_fields) for form in forms.values()}) == 1


@pytest.mark.parametrize("form", [*ACCEPTANCE.values(), *RESTORE.values()])
def test_every_decision_that_a_form_offers_is_known(form: Form) -> None:
    assert set(form.model_json_schema()["properties"]["decision"]["enum"]) == set(DECISIONS)

"""What a filled-in form must hold before it counts as a decision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.utilities.schema_tools import validate
from prefect.utilities.schema_tools.validation import build_error_obj
from pydantic import ValidationError

from tasks.people.acceptance import DECISIONS
from tasks.people.forms import (
    ACCEPTANCE,
    BASE,
    BASE_CHECKLIST,
    CHECKLIST,
    RESTORE,
    RESTORE_CHECKLIST,
    Form,
    form_with,
)
from tidegate.policy.acceptance import Answer, faults_of

CHECKED = dict.fromkeys(CHECKLIST, True)
APPROVAL = Answer("approve", "Josh", "tried everything", CHECKED)
LANGUAGES = sorted(ACCEPTANCE)
FORMS = [*ACCEPTANCE.values(), *RESTORE.values(), *BASE.values()]


def test_a_whole_approval_counts() -> None:
    assert faults_of(APPROVAL, "en") == ""


def test_a_rejection_needs_no_checklist() -> None:
    assert (
        faults_of(
            Answer("reject", "Josh", "bills are empty", dict.fromkeys(CHECKLIST, False)), "en"
        )
        == ""
    )


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
    for one in (
        replace(nothing, checklist=CHECKED, reason="why"),
        replace(nothing, checklist=CHECKED, approver="Josh"),
        replace(nothing, approver="Josh", reason="why"),
    ):
        assert faults_of(one, language) in all_faults


@given(st.dictionaries(st.sampled_from(CHECKLIST), st.booleans(), min_size=1))
def test_an_approval_counts_exactly_when_nothing_is_open(checklist: dict[str, bool]) -> None:
    assert (faults_of(replace(APPROVAL, checklist=checklist), "en") == "") == all(
        checklist.values()
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("forms", "checklist"),
    [(ACCEPTANCE, CHECKLIST), (RESTORE, RESTORE_CHECKLIST), (BASE, BASE_CHECKLIST)],
)
def test_each_form_has_its_whole_checklist_with_words_of_its_own(
    language: str, forms: dict[str, Form], checklist: tuple[str, ...]
) -> None:
    """R18 for an acceptance: six items; each one is open until a person has looked."""
    fields = forms[language].model_fields
    assert set(fields) == {"decision", "approver", "reason", *checklist}
    assert [fields[item].default for item in checklist] == [False] * len(checklist)
    titles = {fields[item].title for item in checklist}
    assert len(titles) == len(checklist)
    assert None not in titles


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("field", "most"), [("approver", 100), ("reason", 2_000)])
def test_a_name_and_a_reason_have_one_sign_at_least_and_an_end(
    form: Form, field: str, most: int
) -> None:
    given = {"decision": "reject", "approver": "王", "reason": "a"}
    for good in ("a", "a" * most):
        assert getattr(form(**{**given, field: good}), field) == good
    for bad in ("", "a" * (most + 1), " "):
        with pytest.raises(ValidationError):
            form(**{**given, field: bad})


def test_the_acceptance_has_the_six_items_of_the_product_managers() -> None:
    assert len(CHECKLIST) == 6


@pytest.mark.parametrize("forms", [ACCEPTANCE, RESTORE])
def test_both_languages_ask_for_the_same(forms: dict[str, Form]) -> None:
    assert len({frozenset(form.model_fields) for form in forms.values()}) == 1


@pytest.mark.parametrize("form", FORMS)
def test_every_field_is_asked_for_so_that_none_is_called_optional(form: Form) -> None:
    schema = form_with("text", form).model_json_schema()
    assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize("form", FORMS)
def test_the_server_takes_no_approval_with_an_open_item_and_names_it(form: Form) -> None:
    """As Prefect's server does before the run goes on."""
    schema = form_with("text", form).model_json_schema()
    switches = [name for name, field in schema["properties"].items() if field["type"] == "boolean"]
    whole = {
        "decision": "approve",
        "approver": "王",
        "reason": "好",
        **dict.fromkeys(switches, True),
    }
    assert validate(whole, schema) == []
    assert validate({**whole, "decision": "reject", **dict.fromkeys(switches, False)}, schema) == []
    for open_one in switches:
        assert faulty_fields({**whole, open_one: False}, schema) == {open_one}
    for left_out in whole:
        assert left_out in faulty_fields(
            {name: value for name, value in whole.items() if name != left_out}, schema
        )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("approver", ""),
        ("approver", " \t"),
        ("approver", "a\nb"),
        ("approver", "x" * 101),
        ("reason", " \n "),
        ("decision", "maybe"),
    ],
)
def test_a_name_or_reason_that_says_nothing_is_refused_in_the_form(field: str, wrong: str) -> None:
    schema = form_with("text", ACCEPTANCE["en"]).model_json_schema()
    answer = {"decision": "approve", "approver": "王", "reason": "好", **CHECKED}
    assert faulty_fields({**answer, field: wrong}, schema) == {field}


def faulty_fields(answer: dict[str, object], schema: dict[str, Any]) -> set[str]:
    return {error["property"] for error in build_error_obj(validate(answer, schema))["errors"]}


@pytest.mark.parametrize("form", FORMS)
def test_every_decision_that_a_form_offers_is_known(form: Form) -> None:
    assert set(form.model_json_schema()["properties"]["decision"]["enum"]) == set(DECISIONS)

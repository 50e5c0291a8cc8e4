"""A run that waits for a person and is set going without an answer is no approval."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.exceptions import ObjectNotFound
from pydantic import ValidationError

from flows.release import release
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.judging import faults, serving
from tests.flows.stories import Story, settle
from tidegate.policy.states import DeploymentState

BY_STAGING = Story("a question", release, {}, with_staging=True)


def nobody_knows_it(form: Any) -> Any:
    raise ObjectNotFound(Exception("no input for this run"))


def filled_by_a_program(form: Any) -> Any:
    return form(decision="approve")


@pytest.mark.parametrize("answer", [nobody_knows_it, filled_by_a_program])
def test_without_a_whole_answer_it_ends_and_the_old_version_serves(
    library: Library, answer: Any
) -> None:
    made = library.begin(BY_STAGING)
    began = serving(made)
    made.prefect.answer = answer
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_failed()
    assert "set going without an answer to its question" in str(state.message)
    assert "answer by `Resume` in the Prefect UI" in str(state.message)
    newest = made.ledger.deployments.history("shop", "prod")[0]
    assert newest.state is DeploymentState.EXPIRED
    assert serving(made)["prod"] == began["prod"]
    assert [*settle(made), *faults(made, began)] == []


def test_an_answer_with_an_open_item_is_asked_for_again_and_told_why(library: Library) -> None:
    """The third one counts."""
    made, given = library.begin(BY_STAGING), list[str]()

    def answer(form: Any) -> Any:
        given.append(str(form.model_json_schema()))
        names = [name for name, one in form.model_fields.items() if one.annotation is bool]
        seen = dict.fromkeys(names, True)
        if len(given) < 3:
            seen[names[0]] = False
        try:
            return form(decision="approve", approver="Mei", reason="tried", **seen)
        except ValidationError:
            return form.model_construct(decision="approve", approver="Mei", reason="tried", **seen)

    made.prefect.answer = answer
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_completed(), state.message
    assert len(given) == 3
    assert given[1] != given[0]


def test_what_a_person_writes_is_kept_on_one_line_and_cut(library: Library) -> None:
    made = library.begin(BY_STAGING)

    def answer(form: Any) -> Any:
        seen = {name: True for name, one in form.model_fields.items() if one.annotation is bool}
        return form.model_construct(
            decision="approve", approver="Mei\nLi", reason="fine\n" + "x" * 5000, **seen
        )

    made.prefect.answer = answer
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    approval = made.ledger.approvals.for_plan(now.id, str(now.plan_hash))
    assert approval is not None
    assert (approval.approver, "\n" in approval.reason) == ("Mei Li", False)
    assert len(approval.reason) == 2000
    assert set(approval.checklist.values()) == {True}

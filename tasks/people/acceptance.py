"""The decision of a person on one plan hash, asked for by a suspended run with a form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from prefect import get_run_logger
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.flow_runs import suspend_flow_run
from pydantic import ValidationError

from tasks.frame.deployments import decide_before, move, opened_by_this_run, refresh, refuse_ended
from tasks.frame.opening import prints_of
from tasks.frame.pages import publish
from tasks.frame.work import Work
from tasks.people.forms import ACCEPTANCE, CHECKLIST, MOST_REASON, Form, form_with
from tidegate.errors import ExpiredError, LedgerError, RejectedError, UnansweredError
from tidegate.ledger.tables import Approval
from tidegate.pages.layout import local
from tidegate.pages.question import about_release, form_text
from tidegate.pages.stages import changed_note, evidence_page
from tidegate.pages.words import WORDS
from tidegate.plan.changes import Plan
from tidegate.plan.resolved import differences
from tidegate.policy.acceptance import Answer, faults_of
from tidegate.policy.states import DeploymentState
from tidegate.secrecy.outside_text import one_line

DECISIONS: dict[str, Literal["approved", "rejected"]] = {
    "approve": "approved",
    "reject": "rejected",
}


@dataclass(frozen=True)
class Question:
    """What a person is asked to decide."""

    hash: str
    """Of what the decision is about: when it is another one, the decision counts no more."""
    running: str | None
    """Id of the deployment that serves while it is asked."""
    page: Callable[[datetime, str], str]
    """The evidence, from the time at which the question expires and a note that stands first."""
    sentences: Sequence[str]
    """What stands in the form itself, before the link to that page."""
    form: Form
    checklist: tuple[str, ...]
    rejected: str
    """What is left and what to do after a no."""
    note: str = ""
    """What stands first on the page: why the question is put again."""


def wait_for_acceptance(work: Work, plan: Plan) -> Work:
    """Ask for the acceptance of this very plan."""
    stack = work.env.stack
    saved = work.env.ledger.backups.newest_verified(stack.name, work.env.name)

    def page(expires: datetime, note: str) -> str:
        return evidence_page(
            plan,
            stack.language,
            now=datetime.now(UTC),
            expires=expires,
            time_zone=stack.time_zone,
            backup=saved.facts if saved else None,
            note=note,
            requested_by=work.deployment.requested_by,
        )

    return wait_for_decision(
        work,
        Question(
            hash=plan.hash,
            running=plan.running.id if plan.running else None,
            page=page,
            sentences=about_release(
                plan, stack.language, requested_by=work.deployment.requested_by
            ),
            form=ACCEPTANCE[stack.language],
            checklist=CHECKLIST,
            note=_why_again(work, plan),
            rejected=f"{_left(plan)}. Release the corrected commit",
        ),
    )


def wait_for_decision(work: Work, question: Question) -> Work:
    """Suspend the run until a person has decided on this very question. Nothing runs and no lock is
    held meanwhile.

    Raises RejectedError, ExpiredError, UnansweredError. A decision that is in the ledger already is
    not asked for again.
    """
    approvals = work.env.ledger.approvals
    decided = approvals.for_plan(work.deployment.id, question.hash)
    if decided is None:
        note = question.note or _changed_since(work, question)
        for attempt in range(1, 100):
            answer = _ask(work, question, note, attempt)
            if not (wrong := faults_of(answer, work.env.stack.language)):
                break
            note = wrong
        _refuse_other_plan(work, question)
        decided = approvals.record(
            deployment_id=work.deployment.id,
            plan_hash=question.hash,
            decision=DECISIONS[answer.decision],
            approver=answer.approver,
            reason=answer.reason,
            checklist=answer.checklist,
            expires_at=decide_before(work),
        )
    _refuse_other_plan(work, question)
    return _act_on(work, decided, question)


def _ask(work: Work, question: Question, note: str, attempt: int) -> Answer:
    expires = decide_before(work)
    left = int((expires - datetime.now(UTC)).total_seconds())
    if left <= 0:
        raise _expired(work)
    key = f"accept-{question.hash[:16]}-{attempt}"
    form = question.form if _was_asked(key) else _put(work, question, note, expires)
    given = _answer_of(work, form, left, key)
    return Answer(
        decision=given.decision,
        approver=one_line(given.approver),
        reason=one_line(given.reason, MOST_REASON),
        checklist={item: getattr(given, item) for item in question.checklist},
    )


def _put(work: Work, question: Question, note: str, expires: datetime) -> Form:
    """Publish the whole evidence. Returns the form, which leads to it."""
    env = work.env
    page = publish(work, "evidence", question.page(expires, note))
    env.ledger.deployments.amend(work.deployment.id, figures={"decide_before": expires.isoformat()})
    move(work, DeploymentState.WAITING, work.deployment.reason)
    text = form_text(
        question.sentences,
        env.stack.language,
        expires=expires,
        time_zone=env.stack.time_zone,
        page=env.settings.page_of_artifact(page),
        note=note,
    )
    return form_with(env.redactor.redact(text), question.form)


def _answer_of(work: Work, form: Form, seconds: int, key: str) -> Any:
    """What a person filled in. Raises UnansweredError where the run was set going without the
    form."""
    try:
        return suspend_flow_run(wait_for_input=form, timeout=seconds, key=key)
    except (ObjectNotFound, PrefectHTTPStatusError, ValidationError) as error:
        why = "its run was set going without an answer to its question"
        get_run_logger().debug("what Prefect said: %r", error)
        move(work, DeploymentState.EXPIRED, why)
        raise UnansweredError(
            f"accepting {work.title} {work.version.name}",
            why,
            "Start it again, and answer by `Resume` in the Prefect UI",
        ) from None


def _refuse_other_plan(work: Work, question: Question) -> None:
    """Raises LedgerError where the ledger says by now that the deployment is about another plan, or
    has ended."""
    now = refresh(work)
    refuse_ended(now)
    if now.deployment.plan_hash != question.hash:
        raise LedgerError(
            f"accepting {work.title} {work.version.name}",
            "its plan is another one by now than was approved",
            "Start it again to ask anew",
        )


def _left(plan: Plan) -> str:
    """What is as it was after a no."""
    kept = f"; {plan.staged.place.inside('en')} keeps this version" if plan.staged else ""
    return f"{plan.place.heading('en')} was not touched{kept}"


def _why_again(work: Work, plan: Plan) -> str:
    """What has changed since this run asked about another plan; empty when it has not."""
    earlier = opened_by_this_run(work.env)[1:]
    if not earlier or earlier[0].decide_before is None:
        return ""
    return changed_note(
        plan,
        work.env.stack.language,
        old_commit=earlier[0].release.commit,
        old_running=earlier[0].rollback_target_id,
        configuration=differences(prints_of(work.env, earlier[0]), plan.configuration),
    )


def _was_asked(key: str) -> bool:
    """Whether this run has been suspended for this question before: then the next call only reads
    the answer."""
    context = FlowRunContext.get()
    return bool(
        context and context.flow_run and key in (context.flow_run.empirical_policy.pause_keys or ())
    )


def _act_on(work: Work, decided: Approval, question: Question) -> Work:
    if decided.decision == "rejected":
        move(work, DeploymentState.REJECTED, f"{decided.approver}: {decided.reason}")
        said = decided.reason.rstrip(".。")  # the error's own sentence ends with one
        raise RejectedError(
            f"accepting {work.title} {work.version.name}",
            f"{decided.approver} rejected it: {said}",
            question.rejected,
        )
    return work


def _expired(work: Work) -> ExpiredError:
    move(work, DeploymentState.EXPIRED, "nobody decided in time")
    return ExpiredError(
        f"accepting {work.title} {work.version.name}",
        f"nobody decided before {local(decide_before(work), work.env.stack.time_zone)}",
        "Start it again to ask anew",
    )


def _changed_since(work: Work, question: Question) -> str:
    """A note for the page, if another plan than this one has been shown."""
    shown = work.deployment.plan_hash
    if shown == question.hash:
        return ""
    work.env.ledger.deployments.amend(
        work.deployment.id, plan_hash=question.hash, rollback_target_id=question.running
    )
    return WORDS[work.env.stack.language]["plan_changed"] if shown else ""

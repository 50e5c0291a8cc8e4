"""The decision of a person on one plan hash, asked for by a suspended run with a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run

from tasks.deployments import move
from tasks.forms import ACCEPTANCE, CHECKLIST, MOST_REASON, Form, form_with
from tasks.pages import publish
from tasks.work import Work
from tidegate.acceptance import Answer, faults_of
from tidegate.errors import ExpiredError, RejectedError
from tidegate.ledger.tables import Approval
from tidegate.outside_text import one_line
from tidegate.page_words import WORDS
from tidegate.pages import evidence_page, local
from tidegate.plan import Plan
from tidegate.states import DeploymentState

DECISIONS: dict[str, Literal["approved", "rejected"]] = {"approve": "approved", "reject": "rejected"}


@dataclass(frozen=True)
class Question:
    """What a person is asked to decide."""

    hash: str
    """Of what the decision is about: when it is another one, the decision counts no more."""
    running: str | None
    """Id of the deployment that serves while it is asked."""
    page: Callable[[datetime, str], str]
    """The evidence, from the time at which the question expires and a note that stands first."""
    form: Form
    checklist: tuple[str, ...]
    rejected: str
    """What is left and what to do after a no."""


def wait_for_acceptance(work: Work, plan: Plan, staging_url: str) -> Work:
    """Ask for the acceptance of this very plan."""
    stack = work.env.stack
    saved = work.env.ledger.backups.newest_verified(stack.name, work.env.name)

    def page(expires: datetime, note: str) -> str:
        return evidence_page(plan, stack.language, now=datetime.now(UTC), expires=expires, time_zone=stack.time_zone,
                             staging_url=staging_url, backup=saved.facts if saved else None, note=note)

    return wait_for_decision(work, Question(
        hash=plan.hash, running=plan.running.id if plan.running else None, page=page, form=ACCEPTANCE[stack.language],
        checklist=CHECKLIST,
        rejected="Production was not touched; staging keeps this version. Release the corrected commit"))


def wait_for_decision(work: Work, question: Question) -> Work:
    """Suspend the run until a person has decided on this very question. Nothing runs and no lock is held meanwhile.

    Raises RejectedError, ExpiredError. A decision that is in the ledger already is not asked for again.
    """
    approvals = work.env.ledger.approvals
    decided = approvals.for_plan(work.deployment.id, question.hash)
    if decided is None:
        note = _changed_since(work, question)
        for attempt in range(1, 100):
            answer = _ask(work, question, note, attempt)
            if not (wrong := faults_of(answer, work.env.stack.language)):
                break
            note = wrong
        decided = approvals.record(
            deployment_id=work.deployment.id, plan_hash=question.hash, decision=DECISIONS[answer.decision],
            approver=answer.approver, reason=answer.reason, checklist=answer.checklist, expires_at=_expiry(work))
    return _act_on(work, decided, question)


def _ask(work: Work, question: Question, note: str, attempt: int) -> Answer:
    expires = _expiry(work)
    left = int((expires - datetime.now(UTC)).total_seconds())
    if left <= 0:
        raise _expired(work)
    page = question.page(expires, note)
    key = f"accept-{question.hash[:16]}-{attempt}"
    if not _was_asked(key):
        publish(work, "evidence", page)
        move(work, DeploymentState.WAITING, work.deployment.reason)
    form = form_with(work.env.redactor.redact(page), question.form)
    given = suspend_flow_run(wait_for_input=form, timeout=left, key=key)
    return Answer(decision=given.decision, approver=one_line(given.approver), reason=one_line(given.reason, MOST_REASON),
                  checklist={item: getattr(given, item) for item in question.checklist})


def _was_asked(key: str) -> bool:
    """Whether this run has been suspended for this question before: then the next call only reads the answer."""
    context = FlowRunContext.get()
    return bool(context and context.flow_run and key in (context.flow_run.empirical_policy.pause_keys or ()))


def _act_on(work: Work, decided: Approval, question: Question) -> Work:
    if decided.decision == "rejected":
        move(work, DeploymentState.REJECTED, f"{decided.approver}: {decided.reason}")
        said = decided.reason.rstrip(".。")   # the error's own sentence ends with one
        raise RejectedError(f"accepting {work.title} {work.version.name}", f"{decided.approver} rejected it: {said}",
                            question.rejected)
    return work


def _expiry(work: Work) -> datetime:
    return work.deployment.created_at + timedelta(hours=work.env.config.approval_hours)


def _expired(work: Work) -> ExpiredError:
    move(work, DeploymentState.EXPIRED, "nobody decided in time")
    return ExpiredError(f"accepting {work.title} {work.version.name}",
                        f"nobody decided before {local(_expiry(work), work.env.stack.time_zone)}",
                        "Start it again to ask anew")


def _changed_since(work: Work, question: Question) -> str:
    """A note for the page, if another plan than this one has been shown."""
    shown = work.deployment.plan_hash
    if shown == question.hash:
        return ""
    work.env.ledger.deployments.amend(work.deployment.id, plan_hash=question.hash, rollback_target_id=question.running)
    return WORDS[work.env.stack.language]["plan_changed"] if shown else ""

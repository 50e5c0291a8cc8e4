"""The decision of a person on one plan hash, asked for by a suspended run with a form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field, create_model

from tasks.deployments import move
from tasks.pages import publish
from tasks.work import Work
from tidegate.acceptance import Answer, faults_of
from tidegate.errors import ExpiredError, RejectedError
from tidegate.ledger.tables import Approval
from tidegate.page_words import WORDS
from tidegate.pages import evidence_page, local
from tidegate.plan import Plan
from tidegate.states import DeploymentState

Decision = Literal["approve", "reject"]


class AcceptanceEn(RunInput):
    """The form in the Prefect UI's Resume dialog."""

    decision: Decision = Field(title="Read this, then decide")
    approver: str = Field(title="Your name", min_length=2)
    reason: str = Field(title="Reason", description="What you tried, and why you decide so.", min_length=3)
    as_required: bool = Field(False, title="Checklist 1: it does what was asked for",
                              description="Switch on what you have seen yourself. All six are needed to approve, none to reject.")
    looks_good: bool = Field(False, title="Checklist 2: the pages look good and are easy to use")
    flows_well: bool = Field(False, title="Checklist 3: the steps run smoothly")
    no_bugs: bool = Field(False, title="Checklist 4: no obvious bugs")
    fast_enough: bool = Field(False, title="Checklist 5: pages load fast enough")
    in_sync: bool = Field(False, title="Checklist 6: data is the same on both surfaces (where that applies)")


class AcceptanceZh(RunInput):
    """Prefect 界面“Resume”对话框中的表单。"""

    decision: Decision = Field(title="请阅读后决定")
    approver: str = Field(title="验收人姓名", min_length=2)
    reason: str = Field(title="理由", description="您验收了什么，为什么这样决定。", min_length=3)
    as_required: bool = Field(False, title="验收清单 1：功能按照需求实现",
                              description="请打开您已亲自确认的项。批准需六项全部确认，拒绝则不需要。")
    looks_good: bool = Field(False, title="验收清单 2：界面美观、易用")
    flows_well: bool = Field(False, title="验收清单 3：操作流程顺畅")
    no_bugs: bool = Field(False, title="验收清单 4：没有明显的 bug")
    fast_enough: bool = Field(False, title="验收清单 5：性能可接受（加载速度）")
    in_sync: bool = Field(False, title="验收清单 6：两个界面的数据同步（如适用）")


FORMS: dict[str, type[AcceptanceEn] | type[AcceptanceZh]] = {"en": AcceptanceEn, "zh": AcceptanceZh}
DECISIONS: dict[str, Literal["approved", "rejected"]] = {"approve": "approved", "reject": "rejected"}
CHECKLIST = ("as_required", "looks_good", "flows_well", "no_bugs", "fast_enough", "in_sync")


def form_with(evidence: str, language: str) -> type[AcceptanceEn] | type[AcceptanceZh]:
    """The form with the evidence above its first field.

    The place that Prefect's UI has for such a text, above the form, shrinks to nothing in a window of ordinary height.
    In a field's description the UI joins lines that end in LF, which would undo every table; CR ends a line as well.
    """
    form = FORMS[language]
    shown = Field(title=form.model_fields["decision"].title, description=evidence.replace("\n", "\r"))
    return create_model(form.__name__, __base__=form, decision=(Decision, shown))


def wait_for_acceptance(work: Work, plan: Plan, staging_url: str) -> Work:
    """Suspend the run until a person has decided on this very plan. Nothing runs and no lock is held meanwhile.

    Raises RejectedError, ExpiredError. A decision that is in the ledger already is not asked for again.
    """
    approvals = work.env.ledger.approvals
    decided = approvals.for_plan(work.deployment.id, plan.hash)
    if decided is None:
        note = _changed_since(work, plan)
        for attempt in range(1, 100):
            answer = _ask(work, plan, staging_url, note, attempt)
            if not (wrong := faults_of(answer, work.env.stack.language)):
                break
            note = wrong
        decided = approvals.record(
            deployment_id=work.deployment.id, plan_hash=plan.hash, decision=DECISIONS[answer.decision],
            approver=answer.approver, reason=answer.reason, checklist=answer.checklist, expires_at=_expiry(work))
    return _act_on(work, decided)


def _ask(work: Work, plan: Plan, staging_url: str, note: str, attempt: int) -> Answer:
    stack, expires = work.env.stack, _expiry(work)
    left = int((expires - datetime.now(UTC)).total_seconds())
    if left <= 0:
        raise _expired(work)
    saved = work.env.ledger.backups.newest_verified(stack.name, work.env.name)
    page = evidence_page(plan, stack.language, now=datetime.now(UTC), expires=expires, time_zone=stack.time_zone,
                         staging_url=staging_url, backup=saved.facts if saved else None, note=note)
    key = f"accept-{plan.hash[:16]}-{attempt}"
    if not _was_asked(key):
        publish(work, "evidence", page)
        move(work, DeploymentState.WAITING)
    form = form_with(work.env.redactor.redact(page), stack.language)
    given = suspend_flow_run(wait_for_input=form, timeout=left, key=key)
    return Answer(decision=given.decision, approver=given.approver.strip(), reason=given.reason.strip(),
                  checklist={item: getattr(given, item) for item in CHECKLIST})


def _was_asked(key: str) -> bool:
    """Whether this run has been suspended for this question before: then the next call only reads the answer."""
    context = FlowRunContext.get()
    return bool(context and context.flow_run and key in (context.flow_run.empirical_policy.pause_keys or ()))


def _act_on(work: Work, decided: Approval) -> Work:
    if decided.decision == "rejected":
        move(work, DeploymentState.REJECTED, f"{decided.approver}: {decided.reason}")
        said = decided.reason.rstrip(".。")   # the error's own sentence ends with one
        raise RejectedError(f"accepting {work.title} {work.version.name}", f"{decided.approver} rejected it: {said}",
                            "Production was not touched; staging keeps this version. Release the corrected commit")
    return work


def _expiry(work: Work) -> datetime:
    return work.deployment.created_at + timedelta(hours=work.env.config.approval_hours)


def _expired(work: Work) -> ExpiredError:
    move(work, DeploymentState.EXPIRED, "nobody decided in time")
    return ExpiredError(f"accepting {work.title} {work.version.name}",
                        f"nobody decided before {local(_expiry(work), work.env.stack.time_zone)}",
                        "Start the release again to ask anew")


def _changed_since(work: Work, plan: Plan) -> str:
    if work.deployment.plan_hash == plan.hash:
        return ""
    work.env.ledger.deployments.amend(work.deployment.id, plan_hash=plan.hash,
                                      rollback_target_id=plan.running.id if plan.running else None)
    return WORDS[work.env.stack.language]["plan_changed"]

"""Messages to people: sent once, retried, shown as not sent; they never fail a release (invariant
12)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.frame.attendance import attendance
from tasks.frame.deployments import decide_before, previous
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import planned
from tasks.frame.work import Work
from tidegate.facts import Message
from tidegate.ledger.messages import Messages
from tidegate.ledger.tables import Deployment
from tidegate.pages import messages
from tidegate.pages.fault_words import told, told_reason
from tidegate.ports import Notifier
from tidegate.stack.file import Stack

Kind = Literal[
    "staging_ready",
    "released",
    "rolled_back",
    "restored",
    "adopted",
    "base_changed",
    "failed",
    "needs_person",
    "approval_expired",
    "rejected",
    "refused",
]
RETRY_SECONDS = (1, 3)


@task(
    task_run_name="tell people: {kind} {work.title}",
    timeout_seconds=300,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def tell(work: Work, kind: Kind, *, error: BaseException | None = None, url: str = "") -> None:
    """Send one message to every notifier of the stack.

    Needs: a fact to tell. Leaves: a row per address, sent or not sent. Again: what was sent is not
    sent twice. Undo: nothing to undo.
    """
    message = _message(work, kind, error, url)
    said = speaker(work.env).with_folder(message) if work.env.lost else message
    deliver(work.env, said, key=work.key(f"tell-{kind}"), deployment=work.deployment)


def deliver(env: OpenEnvironment, message: Message, *, key: str, deployment: Deployment) -> None:
    """To everybody whom a message of this severity concerns, once for each `key` and address. A red
    one says, too, what keeps Tidegate from going on by itself."""
    if message.severity == "red":
        message = speaker(env).with_absences(message, attendance(), datetime.now(UTC))
    get_run_logger().info("%s\n%s", message.title, message.body)
    for channel in env.stack.notifiers_for(message.severity):
        send_once(
            env.ledger.messages,
            env.notifiers[channel],
            message,
            key=f"{key}-{channel}",
            channel=channel,
            deployment_id=deployment.id,
            redact=env.redactor.redact,
        )


def send_once(
    deliveries: Messages,
    to: Notifier,
    message: Message,
    *,
    key: str,
    channel: str,
    deployment_id: str | None = None,
    redact: Callable[[str], str] = str,
) -> None:
    """To one address, once for each `key`; what fails stands in the ledger and raises nothing."""
    if (
        deliveries.begin(
            key=key, kind=message.kind, channel=channel, deployment_id=deployment_id
        ).sent_at
        is not None
    ):
        return
    for wait in (*RETRY_SECONDS, None):
        try:
            to.send(message)
        except Exception as failed:  # whatever a messenger does, the release goes on
            deliveries.failed(key, redact(str(failed)))
            get_run_logger().warning("not sent to %s: %s", channel, redact(str(failed)))
            if wait is None or not getattr(failed, "retryable", False):
                return
            time.sleep(wait)
        else:
            deliveries.sent(key)
            return


def _message(work: Work, kind: Kind, error: BaseException | None, url: str) -> Message:
    env, version, words = work.env, work.version.name, speaker(work.env)
    moment = work.deployment.switched_at or work.deployment.created_at
    language = env.stack.language
    reason = env.redactor.redact(
        told(error, language) if error else told_reason(work.deployment.reason, language)
    )
    what = work.deployment.kind
    match kind:
        case "staging_ready":
            return words.staging_ready(
                version,
                env.stack.before(env.name) or env.name,
                url=url,
                run=env.settings.page_of_run(work.deployment.run_id),
                before=decide_before(work),
            )
        case "released":
            return words.released(
                version,
                env.name,
                planned(work).changes,
                moment,
                requested_by=work.deployment.requested_by,
                approved_by=approver_of(work),
            )
        case "adopted" | "base_changed":
            seen = work.deployment.figures.get("changed")
            return (
                words.base_changed(version, env.name, reason, **seen)
                if seen
                else words.adopted(version, env.name, moment)
            )
        case "rolled_back" | "restored":
            serves_again = {"rolled_back": words.rolled_back, "restored": words.restored}[kind]
            return serves_again(version, env.name, reason, moment)
        case "failed":
            return words.failed(
                version, env.name, reason, what=what, serves=previous(work) is not None
            )
        case "needs_person":
            return words.needs_person(version, env.name, reason)
        case "approval_expired":
            return words.approval_expired(version, env.name)
        case "rejected":
            said = env.ledger.approvals.of(work.deployment.id)[-1]
            return words.rejected(
                version, env.name, env.redactor.redact(said.reason), what=what, by=said.approver
            )
        case "refused":
            return words.refused(
                version, env.name, reason, what=what, requested_by=work.deployment.requested_by
            )


def approver_of(work: Work) -> str | None:
    """Who decided last; None where nobody had to be asked."""
    decided = work.env.ledger.approvals.of(work.deployment.id)
    return decided[-1].approver if decided else None


def speaker(env: OpenEnvironment) -> messages.Speaker:
    return speaker_for(env.stack)


def speaker_for(stack: Stack) -> messages.Speaker:
    places = {name: stack.place(name) for name in stack.environments}
    return messages.Speaker(stack.language, stack.title, stack.time_zone, places)

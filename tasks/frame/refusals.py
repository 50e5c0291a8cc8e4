"""What ends before anything was changed is told too: to whoever asked, and to whoever must act
(invariant 12)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run

from tasks.frame import adapters
from tasks.frame.environments import OpenStack, open_stack
from tasks.frame.messages import send_once, speaker_for, tell
from tasks.frame.work import Work
from tidegate.each import each
from tidegate.errors import (
    ExpiredError,
    FencedError,
    RefusedError,
    RejectedError,
    StackFileError,
)
from tidegate.ledger.tables import Deployment
from tidegate.pages.fault_words import told
from tidegate.pages.messages import What
from tidegate.policy.states import DeploymentState
from tidegate.secrecy.redaction import redact
from tidegate.stack.file import Stack

TOLD = frozenset(
    {
        DeploymentState.FAILED,
        DeploymentState.REJECTED,
        DeploymentState.ROLLED_BACK,
        DeploymentState.ROLLBACK_FAILED,
        DeploymentState.NEEDS_PERSON,
    }
)
"""Whoever ends a deployment so has said it."""


@contextlib.contextmanager
def tell_when_refused(
    what: What, stack: str, environment: str, version: str, requested_by: str
) -> Iterator[None]:
    """Around everything that a run does: when it fails and nobody has said so, it is said."""
    try:
        yield
    except (FencedError, RefusedError):
        raise  # told by whoever has taken over, and by `tell_of_no`
    except (Exception, TerminationSignal) as error:
        # it says who is told: where it is faulty, nobody is known
        with contextlib.suppress(StackFileError):
            found = open_stack(stack)
            if not _is_told(found, environment):
                tell_refused(found, what, environment, version, requested_by, error)
        raise


@contextlib.contextmanager
def tell_of_no(work: Work) -> Iterator[None]:
    """Around a question: that it was rejected, expired, or not answered."""
    try:
        yield
    except RejectedError:
        tell(work, "rejected")
        raise
    except ExpiredError:
        tell(work, "approval_expired")
        raise
    except RefusedError as error:
        tell(work, "refused", error=error)
        raise


@task(
    task_run_name="tell people: refused {version}",
    timeout_seconds=300,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def tell_refused(
    found: OpenStack,
    what: What,
    environment: str,
    version: str,
    requested_by: str,
    error: BaseException,
) -> None:
    """Say why nothing was begun.

    Needs: an error. Leaves: a row per address, sent or not sent. Again: what was sent is not sent
    twice. Undo: nothing to undo.
    """
    stack, run = found.stack, flow_run.get_id()
    serving = found.ledger.deployments.current(stack.name, environment)
    message = speaker_for(stack).refused(
        version or (serving.version if serving else "–"),
        environment,
        redact(told(error, stack.language)),
        what=what,
        requested_by=requested_by,
    )
    get_run_logger().info("%s\n%s", message.title, message.body)

    def send(channel: str) -> None:
        send_once(
            found.ledger.messages,
            adapters.notifier(channel),
            message,
            channel=channel,
            redact=redact,
            key=f"{environment}/{stack.name}/{run}/refused-{channel}",
        )

    for fault in each(
        {name: name for name in stack.notifiers_for(message.severity)}, send, "telling"
    ).faulty:
        get_run_logger().warning("not told to %s: %s", fault.name, fault.error)


def _on_the_way(stack: Stack, environment: str) -> tuple[str, ...]:
    """Whatever the run may have opened a deployment in; it was refused where the stack has no such
    environment."""
    return stack.way_to(environment) if environment in stack.environments else (environment,)


def _is_told(found: OpenStack, environment: str) -> bool:
    """By the newest deployment of this run, here or on the way here. One that became good here was
    told before the clearing up, which then failed; else `recover/all` tells it."""
    newest = {
        name: _newest_of_this_run(found, name) for name in _on_the_way(found.stack, environment)
    }
    return any(
        one is not None
        and (one.state in TOLD or (name == environment and one.state is DeploymentState.GOOD))
        for name, one in newest.items()
    )


def _newest_of_this_run(found: OpenStack, environment: str) -> Deployment | None:
    """Whatever kind it is."""
    history = found.ledger.deployments.history(found.stack.name, environment)
    return next((one for one in history if one.run_id == str(flow_run.get_id())), None)

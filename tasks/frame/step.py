"""A step: a Prefect task whose outcome is in the journal. What is done is not done twice; what was
begun can be seen."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, cast

from prefect import get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task
from prefect.utilities.annotations import opaque

from tasks.frame.work import Work
from tidegate.each import as_ours
from tidegate.errors import TidegateError
from tidegate.secrecy.outside_text import clean
from tidegate.secrecy.redaction import Redactor

Evidence = dict[str, Any]
"""What a step saw after its change: JSON, kept in the ledger for ever, so never a secret."""
P = ParamSpec("P")


def is_retryable(task: Any, task_run: TaskRun, state: State[Any]) -> bool:
    """Retries are decided by the error: a refusal is not tried again, a time-out is."""
    error = state.result(raise_on_failure=False)
    return bool(getattr(error, "retryable", False))


class StepTask(Task[Concatenate[Work, P], Evidence]):
    """A task whose `Work` Prefect does not search for results of other tasks. It would find some of
    every step before, and draw a line for each in the run's graph. So the graph stays a row of
    stages."""

    def __call__(self, work: Work, /, *args: P.args, **kwargs: P.kwargs) -> Evidence:  # type: ignore[override]
        return super().__call__(cast(Work, opaque(work)), *args, **kwargs)


def step(
    name: str,
    *,
    timeout_seconds: int,
    retry_delays: Sequence[float] = (1, 5),
    part: Callable[..., str] | None = None,
) -> Callable[[Callable[Concatenate[Work, P], Evidence]], StepTask[P]]:
    """Make a task of a function that looks, changes one thing and returns evidence.

    A step that one deployment takes several times says of which `part`: each part is in the journal
    by itself.
    """

    def decorate(function: Callable[Concatenate[Work, P], Evidence]) -> StepTask[P]:
        @functools.wraps(function)
        def journaled(work: Work, /, *args: P.args, **kwargs: P.kwargs) -> Evidence:
            mine = "-".join(filter(None, (name, part(work, *args, **kwargs) if part else "")))
            journal, key = work.env.ledger.journal, work.key(mine)
            row = journal.begin(
                work.deployment.id, mine, {"version": work.version.name}, fence=work.fence
            )
            if row.is_done:
                get_run_logger().info("%s: already done, nothing to do", key)
                return dict(row.evidence)
            try:
                evidence = function(work, *args, **kwargs)
            except TidegateError as error:
                journal.failed(key, work.env.redactor.redact(str(error)))
                raise _redacted(error, work.env.redactor) from None
            # a defect of ours: recorded like any failure, raised as it is unless it tells a secret
            except Exception as error:
                said = work.env.redactor.redact(repr(error))
                journal.failed(key, clean(said))
                if said != repr(error):
                    raise as_ours(error, key) from None
                raise
            journal.done(key, evidence)
            return evidence

        return StepTask(
            journaled,
            name=name,
            task_run_name=f"{name.replace('-', ' ')} {{work.title}}",
            retries=len(retry_delays),
            retry_delay_seconds=list(retry_delays),
            retry_condition_fn=is_retryable,
            timeout_seconds=timeout_seconds,
            cache_policy=NO_CACHE,
            persist_result=False,
        )

    return decorate


@contextlib.contextmanager
def without_secrets(redactor: Redactor) -> Iterator[None]:
    """Errors of ours leave the block with no secret's value in them, whoever wrote the text."""
    try:
        yield
    except TidegateError as error:
        raise _redacted(error, redactor) from None


def _redacted(error: TidegateError, redactor: Redactor) -> TidegateError:
    doing, came_back, to_do = map(redactor.redact, (error.doing, error.came_back, error.to_do))
    return type(error)(doing, came_back, to_do, retryable=error.retryable)

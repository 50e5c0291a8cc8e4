"""After a crash: finish what had been switched, put back what had not, end what nobody can decide any more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from prefect import flow, get_run_logger

from flows.deploy import deploy
from flows.put_back import put_back
from flows.restore import put_data_back
from flows.rollback import go_back
from tasks.deployments import is_good
from tasks.locks import holding_lock
from tasks.messages import tell
from tasks.recovery import end_undecided, give_back_locks, is_over, serves_now, stranded, wait_for_lost_jobs, work_on
from tasks.work import Work
from tidegate.errors import EngineError, FencedError, LockedError, TidegateError
from tidegate.settings import Settings


@flow(name="recover", flow_run_name="recover what was interrupted", persist_result=False)
def recover() -> None:
    """Look for deployments whose run died, and bring each to an end. Does nothing when all is well."""
    settings, failed = Settings(), list[TidegateError]()
    for one, too_late in end_undecided(settings):
        get_run_logger().info("ended: %s %s #%d: %s", one.stack, one.environment, one.number, one.reason)
        if too_late:
            with left_for_later(failed):
                tell(work_on(settings, one), "approval_expired")
    for sentence in give_back_locks(settings):
        get_run_logger().info("gave back: %s", sentence)
    for work in stranded(settings):
        get_run_logger().warning("the run of %s has died in the state %s", work.title, work.deployment.state.value)
        with left_for_later(failed):
            bring_to_an_end(work)
    if failed:
        raise ExceptionGroup("could not bring everything to an end", failed)


@contextlib.contextmanager
def left_for_later(failed: list[TidegateError]) -> Iterator[None]:
    """A host out of reach must not keep the others from their end."""
    try:
        yield
    except (LockedError, FencedError) as busy:   # somebody else is at it already: the next minute looks again
        get_run_logger().info("left alone: %s", busy)
    except TidegateError as error:
        failed.append(error)


def bring_to_an_end(work: Work) -> None:
    """A way back goes on, or begins. A release goes on if people are on it already; otherwise the old version stays. What
    is good already is cleared up behind."""
    wait_for_lost_jobs(work)
    if is_over(work):
        return
    if work.deployment.kind == "rollback":
        go_back(work)
    elif work.deployment.kind == "restore":
        put_data_back(work)   # a person has decided, and only the whole of it is a state to be in
    elif is_good(work) or serves_now(work):
        tell(deploy(work), "released")
    else:
        with holding_lock(work) as work:
            put_back(work, EngineError(f"releasing {work.title}", "its run was interrupted before the switch",
                                       "Start the release again"))

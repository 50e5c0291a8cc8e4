"""After a crash: finish what had been switched, put back what had not, end what nobody can decide
any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from prefect import State, flow, get_run_logger

from flows.adopt import take_over
from flows.base import change_base
from flows.deploy import deploy
from flows.plain import plainly
from flows.put_back import put_back
from flows.restore import put_data_back
from flows.rollback import go_back
from tasks.back.recovery import (
    Ended,
    end_run,
    end_undecided,
    give_back_locks,
    is_over,
    serves_now,
    stranded,
    title_of,
    wait_for_lost_jobs,
    work_on,
)
from tasks.back.untold import Untold, untold
from tasks.frame.deployments import is_good, refresh
from tasks.frame.locks import holding_lock
from tasks.frame.messages import tell
from tasks.frame.runs import forget_needless_looks, quiet
from tasks.frame.work import Work
from tidegate.each import Fault, Parted, each, refuse_faulty
from tidegate.errors import EngineError, FencedError, LockedError
from tidegate.settings import Settings

MOST_AT_ONCE = 8


@flow(name="recover", flow_run_name="recover what was interrupted", persist_result=False)
@plainly
def recover() -> State[None] | None:
    """Look for deployments whose run died, and bring each to an end. Does nothing when all is
    well."""
    settings = Settings()
    forget_needless_looks()
    undecided = end_undecided(settings)
    told = each(undecided.good, lambda ended: tell_of_end(settings, ended), "telling of")
    locks = give_back_locks(settings)
    for place in locks.good:
        get_run_logger().info("gave back: the lock of %s, whose owner has ended", place)
    found = stranded(settings)
    ended = each(found.good, bring_to_an_end, "bringing to an end", at_once=MOST_AT_ONCE)
    late = each(untold(settings).good, lambda one: tell_late(settings, one), "telling of")
    steps = (undecided, told, locks, found, ended, late)
    refuse_faulty(left_for_later(steps), "recovering what was interrupted")
    return None if any(step.good or step.faulty for step in steps) else quiet()


def tell_of_end(settings: Settings, ended: Ended) -> None:
    one = ended.deployment
    get_run_logger().info("ended: %s: %s", title_of(one), one.reason)
    if not ended.is_told:
        tell(work_on(settings, one), "approval_expired" if ended.too_late else "refused")


def tell_late(settings: Settings, late: Untold) -> None:
    """Its run died between the end and the message."""
    get_run_logger().info(
        "told late: %s is %s", title_of(late.deployment), late.deployment.state.value
    )
    tell(work_on(settings, late.deployment), late.kind)


def left_for_later(steps: Iterable[Parted[Any]]) -> Iterator[Fault]:
    """What went wrong, without what somebody else is at already: the next look sees that again."""
    for fault in (fault for step in steps for fault in step.faulty):
        if isinstance(fault.error, LockedError | FencedError):
            get_run_logger().info("left alone: %s", fault.error)
        else:
            yield fault


def bring_to_an_end(work: Work) -> None:
    """Whatever the run of `work` shows, it has no process: when the deployment has ended, so has
    the run."""
    try:
        finish(work)
    finally:
        end_run(refresh(work))


def finish(work: Work) -> None:
    """A rollback goes on, or begins. A release goes on if the edge sends people to it already;
    otherwise it is put back. For what is good already only the clearing up is done. Whether a quiet
    environment was only on the way is not known any more, so that nobody is told of it."""
    get_run_logger().warning(
        "the run of %s has died in the state %s", work.title, work.deployment.state.value
    )
    wait_for_lost_jobs(work)
    if is_over(work):
        return
    if work.deployment.kind == "rollback":
        go_back(work)
    elif work.deployment.kind == "adoption":
        take_over(work)  # it interrupts nobody
    elif work.deployment.kind == "base":
        change_base(work)  # it goes on, or goes on putting back
    elif work.deployment.kind == "restore":
        put_data_back(work)  # a person has decided, and only the whole of it is a state to be in
    elif is_good(work) or serves_now(work):
        deploy(work, is_told=work.env.config.loud)
    else:
        with holding_lock(work) as work:
            put_back(
                work,
                EngineError(
                    f"releasing {work.title}",
                    "its run was interrupted before the switch",
                    "Start the release again",
                ),
            )

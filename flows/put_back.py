"""The compensating path: whatever a deployment has changed is put back, in reverse. Every step
looks first. What the ledger calls good already serves, and is not put back by what comes after."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from prefect.exceptions import TerminationSignal

from tasks.back.recovery import wait_for_lost_jobs
from tasks.back.rollbacks import interrupted
from tasks.data.schema import downgrade_schema
from tasks.frame.deployments import (
    close_failed,
    is_good,
    leave_to_person,
    place_hold,
    reason_of,
    refresh,
)
from tasks.frame.messages import tell
from tasks.frame.work import Work
from tasks.slots.containers import remove_slot
from tasks.slots.handing_over import hand_back_alone
from tasks.traffic.maintenance import end_maintenance
from tasks.traffic.switching import shift_back
from tidegate.errors import EngineError, FencedError, TidegateError, WayBackError


@contextlib.contextmanager
def put_back_on_failure(work: Work) -> Iterator[None]:
    """Run the block; when it fails or is cancelled, put the old version back, then let the failure
    go on."""
    try:
        yield
    except FencedError:
        raise  # a rollback has taken over: whatever is put back, it puts back
    except (Exception, TerminationSignal) as error:
        put_back(work, error)
        raise


@contextlib.contextmanager
def stop_and_ask_on_failure(
    work: Work,
    because: BaseException | None = None,
    only_if: Callable[[Work], bool] = lambda work: True,
) -> Iterator[None]:
    """A way back that does not arrive is not followed by another guess: a person is called, and
    told `because` of what it was taken."""
    try:
        yield
    except FencedError:
        raise  # a newer rollback has taken over, and ends this one too
    except (Exception, TerminationSignal) as error:
        if is_good(work) or not only_if(work):
            raise
        asked = _with_first_cause(work, error, because)
        leave_to_person(refresh(work), asked)
        tell(work, "needs_person", error=asked)
        raise asked from because


@contextlib.contextmanager
def undone_on_failure(
    work: Work,
    *undo: Callable[[Work], object],
    clear_up: Callable[[Work], object] = lambda work: None,
    unless: Callable[[Work], bool] = lambda work: False,
) -> Iterator[None]:
    """Run the block; when it fails or is cancelled, take every step of `undo`, or call a person
    where that fails too; then let the failure go on. `clear_up` takes away what nobody needs."""
    try:
        yield
    except FencedError:
        raise
    except (Exception, TerminationSignal) as error:
        if unless(work):
            raise
        if is_good(work):
            clear_up(work)
            raise
        with stop_and_ask_on_failure(work, because=error):
            for step in undo:
                step(work)
        clear_up(work)
        close_failed(refresh(work), error)
        tell(work, "failed", error=error)
        raise


def put_back(work: Work, error: BaseException) -> None:
    """The hold, schema, edge, slot; then the ledger and the message. Does nothing for a deployment
    that has ended or is good."""
    work = refresh(work)
    if work.deployment.state.is_final or is_good(work):
        return
    work = replace(work, env=work.env.with_logins_of_now())
    with stop_and_ask_on_failure(work, because=error):
        place_hold(work, error)
        downgrade_schema(work)
        shift_back(work)
        hand_back_alone(work)
        end_maintenance(work)
        remove_slot(work)
    close_failed(work, error)
    tell(work, "failed", error=error)


def end_interrupted(work: Work) -> None:
    """What this rollback has taken over from, in the middle of its change, is put back first."""
    for other in interrupted(work):
        wait_for_lost_jobs(other)
        overtaken = EngineError(
            f"changing {other.title}",
            f"{work.title} has taken over: {work.deployment.reason}",
            "Start it again when it is wanted",
        )
        if other.deployment.kind != "release":
            close_failed(other, overtaken)
        else:
            put_back(other, overtaken)


def _with_first_cause(
    work: Work, error: BaseException, because: BaseException | None
) -> BaseException:
    """Why a person is called, and what it began with: neither is lost."""
    if because is None:
        return error
    if isinstance(error, WayBackError):
        return WayBackError(
            error.doing, f"{error.came_back}. It began with: {reason_of(because)}", error.to_do
        )
    doing = error.doing if isinstance(error, TidegateError) else "putting the old version back"
    return EngineError(
        doing,
        f"the way back did not arrive: {reason_of(error)}. It began with: {reason_of(because)}",
        _what_then(work),
    )


def _what_then(work: Work) -> str:
    """A rollback goes away from a release that was left half way, and ends what it had begun."""
    if work.deployment.kind == "release" and work.deployment.rollback_target_id:
        return (
            f"When the way back can go on, start `rollback/{work.env.name}`: it goes on to the "
            "version before"
        )
    return "Look who serves with `tidegate status`, then start it again"

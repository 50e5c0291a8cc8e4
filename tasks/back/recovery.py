"""Find deployments whose run was killed, and decide from the edge and the engine how each one
ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from tasks.frame.deployments import UNDECIDED
from tasks.frame.environments import open_sealed
from tasks.frame.opening import work_of
from tasks.frame.runs import cancel_run, run_state, set_run, was_set_by_hand
from tasks.frame.visited import visited_door
from tasks.frame.work import Work
from tidegate.each import Parted, each
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.locks import free_at
from tidegate.ledger.tables import Deployment, Lock
from tidegate.pages.fault_words import told_reason
from tidegate.plan.targets import to_leave
from tidegate.policy.states import LEFT_TO_PERSON, DeploymentState
from tidegate.settings import Settings
from tidegate.stack.catalogue import language_of

LOST_JOB_SECONDS = 600
STILL_WANTED = timedelta(minutes=15)
"""A rollback is for now: one that was asked for before a long silence is not begun after it."""
AT_WORK = (DeploymentState.CHANGING, DeploymentState.WATCHING, DeploymentState.ROLLING_BACK)


class Ended(NamedTuple):
    """A deployment that can no longer be decided, in its final state."""

    deployment: Deployment
    too_late: bool
    """Nobody decided in time; otherwise its run is over."""
    is_told: bool = False
    """Its run said so itself, before it ended."""


def stranded(settings: Settings) -> Parted[Work]:
    """Deployments whose run died, by their titles: in the middle of a change, before a rollback
    began, or when the new version was good and only the clearing up was left.

    Faulty is what cannot be taken up, such as that of a stack whose folder was renamed.
    """
    ledger = Ledger(settings.database_url)
    locks = ledger.locks.holders()
    living = {lock.owner for lock in locks if free_at(lock) > datetime.now(UTC)}
    silent = {title_of(one): one for one in ledger.deployments.open_ones() if one.key not in living}
    seen = each(
        silent,
        lambda one: one if one.state in AT_WORK or _was_cut_short(ledger, one) else None,
        "looking at",
    )
    good = {
        title_of(one): one
        for lock in locks
        if lock.owner not in living and (one := _good_owner(ledger, lock))
    }
    left = {title: one for title, one in (*seen.good.items(), *good.items()) if one is not None}
    opened = each(left, lambda one: work_on(settings, one), "taking up")
    return Parted(opened.good, (*seen.faulty, *opened.faulty))


def title_of(one: Deployment) -> str:
    return f"{one.stack} {one.environment} #{one.number}"


def work_on(settings: Settings, one: Deployment) -> Work:
    """Work on a deployment that another run has left."""
    return work_of(open_sealed(one, settings), one)


def _good_owner(ledger: Ledger, lock: Lock) -> Deployment | None:
    now = ledger.deployments.current(lock.stack, lock.environment)
    is_its = now is not None and now.key == lock.owner and now.state is DeploymentState.GOOD
    # after a restore, nothing is left to do
    return now if is_its and now is not None and now.kind != "restore" else None


def is_over(work: Work) -> bool:
    """Whether nothing is left to do: it has ended meanwhile, or it never began and is no rollback
    that is still wanted."""
    now = work.env.ledger.deployments.get(work.deployment.id)
    return now.state.is_final or (
        now.state in UNDECIDED and not _was_cut_short(work.env.ledger, now)
    )


def _was_cut_short(ledger: Ledger, one: Deployment) -> bool:
    """A rollback whose run was killed before its change began: it is still wanted while what it
    leaves still serves."""
    is_late = datetime.now(UTC) - one.created_at > STILL_WANTED
    if one.kind != "rollback" or one.state is not DeploymentState.PLANNED or is_late:
        return False
    history = ledger.deployments.history(one.stack, one.environment)
    run = run_state(one.run_id)
    return (
        to_leave([other for other in history if other.id != one.id]).id == one.rollback_target_id
        and run is not None
        and run.is_crashed()
    )


def give_back_locks(settings: Settings) -> Parted[None]:
    """Give back what a run held that died when nothing was begun or left to do, by stack and
    environment.

    The next owner could take such a lock, but people and `tidegate status` would see a change that
    is none.
    """
    ledger, now = Ledger(settings.database_url), datetime.now(UTC)
    dead = [
        lock for lock in ledger.locks.holders() if free_at(lock) < now and _has_ended(ledger, lock)
    ]
    return each(
        {f"{lock.stack} {lock.environment}": lock for lock in dead},
        ledger.locks.release,
        "giving back the lock of",
    )


def _has_ended(ledger: Ledger, lock: Lock) -> bool:
    owner = next(
        (
            one
            for one in ledger.deployments.history(lock.stack, lock.environment)
            if one.key == lock.owner
        ),
        None,
    )
    if owner is None:
        return False
    is_restored = owner.kind == "restore" and owner.state is DeploymentState.GOOD
    return owner.state.is_final or owner.state in LEFT_TO_PERSON or is_restored


def serves_now(work: Work) -> bool:
    """Whether the edge sends people to this deployment: asked of the edge, never inferred."""
    return work.env.edge.serving(*visited_door(work.env)) == work.served


@task(
    task_run_name="wait for what {work.title} left running",
    timeout_seconds=LOST_JOB_SECONDS + 60,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def wait_for_lost_jobs(work: Work) -> None:
    """Let one-off containers end that the dead run had started: a migration that is cut in two is
    worse than a late one.

    Needs: the engine. Leaves: no container with a key of this deployment. Again: changes nothing.
    Undo: nothing to undo.
    """
    work.env.host.outlast(work.key(""), timeout_seconds=LOST_JOB_SECONDS)


def end_undecided(settings: Settings) -> Parted[Ended]:
    """End every deployment that waits for a decision which can no longer come, by their titles."""
    ledger = Ledger(settings.database_url)
    waiting = {
        title_of(one): one for one in ledger.deployments.open_ones() if one.state in UNDECIDED
    }
    seen = each(
        waiting,
        lambda one: None if _was_cut_short(ledger, one) else _end_if_over(settings, ledger, one),
        "looking at",
    )
    return Parted({title: ended for title, ended in seen.good.items() if ended}, seen.faulty)


def _end_if_over(settings: Settings, ledger: Ledger, one: Deployment) -> Ended | None:
    """Asked of the ledger alone: its stack may be gone by now."""
    if one.decide_before is not None and one.decide_before < datetime.now(UTC):
        why = f"nobody decided before {one.decide_before:%Y-%m-%d %H:%M} UTC"
        return Ended(_call_off(settings, ledger, one, why), too_late=True)
    state = run_state(one.run_id)
    if state is not None and state.is_final():
        return Ended(
            _end(ledger, one, f"its run is {state.name}"), too_late=False, is_told=state.is_failed()
        )
    if one.state is DeploymentState.WAITING and state is not None and was_set_by_hand(one.run_id):
        why = "its run was set going without an answer to its question"
        return Ended(_call_off(settings, ledger, one, why), too_late=False)
    return None


def _call_off(settings: Settings, ledger: Ledger, one: Deployment, why: str) -> Deployment:
    """End the deployment and its run, which waits."""
    said = f"{why}; start it again to ask anew"
    cancel_run(one.run_id, told_reason(said, language_of(settings.stacks, one.stack)))
    return _end(ledger, one, why)


def _end(ledger: Ledger, one: Deployment, why: str) -> Deployment:
    return ledger.deployments.move(one.id, DeploymentState.EXPIRED, reason=why, actor="recover/all")


def end_run(work: Work) -> None:
    """End the run of a deployment that recovery has ended. One that somebody had suspended would
    wait for ever."""
    one, state = work.deployment, run_state(work.deployment.run_id)
    if (
        one.state in (*AT_WORK, *UNDECIDED)
        or state is None
        or state.is_final()
        or one.run_id == str(flow_run.get_id())
    ):
        return
    went_well = one.state is DeploymentState.GOOD
    ended: State[Any] = Completed() if went_well else Failed()
    said = f"recover/all has ended it: {one.state.value}. {one.reason}".strip()
    ended.message = told_reason(said, work.env.stack.language)
    set_run(one.run_id, ended)

"""Find deployments whose run was killed, and decide from the edge and the engine how each one
ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from tasks.frame.deployments import UNDECIDED
from tasks.frame.environments import open_sealed
from tasks.frame.messages import Kind
from tasks.frame.opening import work_of
from tasks.frame.runs import cancel_run, set_run
from tasks.frame.visited import visited_name
from tasks.frame.work import Work
from tidegate.each import Parted, each
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.locks import free_at
from tidegate.ledger.tables import Deployment, Lock
from tidegate.pages.fault_words import told_reason
from tidegate.policy.states import DeploymentState
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack, language_of

LOST_JOB_SECONDS = 600
STILL_WANTED = timedelta(minutes=15)
"""A rollback is for now: one that was asked for before a long silence is not begun after it."""
AT_WORK = (DeploymentState.CHANGING, DeploymentState.WATCHING, DeploymentState.ROLLING_BACK)
LEFT_TO_PERSON = (DeploymentState.NEEDS_PERSON, DeploymentState.ROLLBACK_FAILED)


STILL_NEWS = timedelta(hours=2)
GOOD_NEWS: dict[str, Kind] = {
    "release": "released",
    "rollback": "rolled_back",
    "restore": "restored",
    "adoption": "adopted",
}
BAD_NEWS: dict[DeploymentState, Kind] = {
    DeploymentState.FAILED: "failed",
    DeploymentState.ROLLED_BACK: "failed",
    DeploymentState.EXPIRED: "refused",
    DeploymentState.REJECTED: "rejected",
    DeploymentState.NEEDS_PERSON: "needs_person",
    DeploymentState.ROLLBACK_FAILED: "needs_person",
}


class Untold(NamedTuple):
    """A deployment that has come to its end, and the message that nobody got."""

    deployment: Deployment
    kind: Kind


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
    now, run = ledger.deployments.current(one.stack, one.environment), _run_state(one.run_id)
    return (
        now is not None
        and now.id == one.rollback_target_id
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
    return work.env.edge.serving(visited_name(work.env)) == work.served


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


def untold(settings: Settings) -> Parted[Untold]:
    """What came to its end and nobody was told, because its run died between the two. By titles,
    newest of each place.

    Good news are told of where the environment is loud only, as its run would have done. Where
    somebody holds the lock, it was that one who brought it to its end, and is about to tell.
    """
    ledger, stacks = Ledger(settings.database_url), every_stack(settings.stacks).good
    at_work = {
        (lock.stack, lock.environment)
        for lock in ledger.locks.holders()
        if free_at(lock) > datetime.now(UTC)
    }
    heard = {stack.name for stack in stacks if stack.notifiers_for("red")}
    quiet_places = {
        (stack.name, name)
        for stack in stacks
        for name, one in stack.environments.items()
        if not one.loud
    }
    newest = {
        place: ledger.deployments.history(*place, limit=1)[0]
        for place in ledger.deployments.places()
        if place[0] in heard and place not in at_work
    }
    late = {
        title_of(one): Untold(one, kind)
        for place, one in newest.items()
        if (kind := _news_of(ledger, one))
        and not (place in quiet_places and one.state is DeploymentState.GOOD)
    }
    seen = each(late, lambda one: one if _has_crashed(one.deployment) else None, "looking at")
    return Parted({title: one for title, one in seen.good.items() if one}, seen.faulty)


def _news_of(ledger: Ledger, one: Deployment) -> Kind | None:
    """What should have been said of it by now; None where that was tried, or is no news any
    more."""
    if datetime.now(UTC) - (one.ended_at or one.switched_at or one.created_at) > STILL_NEWS:
        return None
    kind = GOOD_NEWS[one.kind] if one.state is DeploymentState.GOOD else BAD_NEWS.get(one.state)
    if kind == "rejected" and not ledger.approvals.of(one.id):
        kind = "needs_person"  # nobody said no: a way back could not begin without a person
    tried = {sent.kind for sent in ledger.messages.of(one.id) if sent.sent_at or sent.error}
    return None if kind in tried or not tried.isdisjoint(BAD_NEWS.values()) else kind


def _has_crashed(one: Deployment) -> bool:
    state = _run_state(one.run_id)
    return state is not None and state.is_crashed()


def _end_if_over(settings: Settings, ledger: Ledger, one: Deployment) -> Ended | None:
    """Asked of the ledger alone: its stack may be gone by now."""
    if one.decide_before is not None and one.decide_before < datetime.now(UTC):
        why = f"nobody decided before {one.decide_before:%Y-%m-%d %H:%M} UTC"
        return Ended(_call_off(settings, ledger, one, why), too_late=True)
    state = _run_state(one.run_id)
    if state is not None and state.is_final():
        return Ended(
            _end(ledger, one, f"its run is {state.name}"), too_late=False, is_told=state.is_failed()
        )
    if one.state is DeploymentState.WAITING and state is not None and _was_set_by_hand(one.run_id):
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
    one, state = work.deployment, _run_state(work.deployment.run_id)
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


def _was_set_by_hand(run_id: str) -> bool:
    """Whether a run was made *Running* or *Pending* out of its pause: no process is behind it. One
    that was resumed is scheduled first."""
    with get_client(sync_client=True) as client:
        states = sorted(
            client.read_flow_run_states(UUID(run_id)), key=lambda state: state.timestamp
        )
    return (
        len(states) > 1
        and states[-2].is_paused()
        and (states[-1].is_running() or states[-1].is_pending())
    )


def _run_state(run_id: str) -> State[Any] | None:
    with get_client(sync_client=True) as client:
        try:
            return client.read_flow_run(UUID(run_id)).state
        except ObjectNotFound:
            return None

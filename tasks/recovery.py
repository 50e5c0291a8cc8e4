"""What a killed run has left: found by its silent lock, judged by what is true, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound

from tasks.deployments import UNDECIDED
from tasks.environments import open_environment
from tasks.rollbacks import work_of
from tasks.runs import cancel_run
from tasks.work import Work
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.locks import free_at
from tidegate.ledger.tables import Deployment, Lock
from tidegate.settings import Settings
from tidegate.stackfile import EnvironmentName, find_stack
from tidegate.states import DeploymentState

LOST_JOB_SECONDS = 600
AT_WORK = (DeploymentState.CHANGING, DeploymentState.WATCHING, DeploymentState.ROLLING_BACK)


def stranded(settings: Settings) -> list[Work]:
    """Deployments in the middle of a change whose owner's heartbeat has stopped, and those that are good, but whose run
    died before it had cleared up and given its lock back."""
    ledger = Ledger(settings.database_url)
    locks = ledger.locks.holders()
    living = {lock.owner for lock in locks if free_at(lock) > datetime.now(UTC)}
    found = [one for one in ledger.deployments.open_ones() if one.state in AT_WORK and one.key not in living]
    found += [one for lock in locks if lock.owner not in living and (one := _good_owner(ledger, lock))]
    return [work_of(open_environment(one.stack, cast(EnvironmentName, one.environment), settings), one) for one in found]


def _good_owner(ledger: Ledger, lock: Lock) -> Deployment | None:
    now = ledger.deployments.current(lock.stack, lock.environment)
    is_its = now is not None and now.key == lock.owner and now.state is DeploymentState.GOOD
    return now if is_its and now is not None and now.kind != "restore" else None   # after a restore, nothing is left to do


def give_back_locks(settings: Settings) -> list[str]:
    """Give back what a run held that died when nothing was begun or left to do. Returns a sentence for each.

    The next owner could take such a lock, but people and `tidegate status` would see a change that is none.
    """
    ledger, now = Ledger(settings.database_url), datetime.now(UTC)
    dead = [lock for lock in ledger.locks.holders() if free_at(lock) < now and _is_over(ledger, lock)]
    for lock in dead:
        ledger.locks.release(lock)
    return [f"the lock of {lock.stack} {lock.environment}, whose owner has ended" for lock in dead]


def _is_over(ledger: Ledger, lock: Lock) -> bool:
    owner = next((one for one in ledger.deployments.history(lock.stack, lock.environment) if one.key == lock.owner), None)
    return owner is not None and (owner.state.is_final or (owner.state is DeploymentState.GOOD and owner.kind == "restore"))


def serves_now(work: Work) -> bool:
    """Whether the edge sends people to this deployment: asked of the edge, never inferred."""
    return work.env.edge.serving(work.env.config.domains[0]) == work.deployment.number


@task(task_run_name="wait for what {work.title} left running", timeout_seconds=LOST_JOB_SECONDS + 60,
      cache_policy=NO_CACHE, persist_result=False)
def wait_for_lost_jobs(work: Work) -> None:
    """Let one-off containers end that the dead run had started: a migration that is cut in two is worse than a late one.

    Needs: the engine. Leaves: no container with a key of this deployment. Again: changes nothing. Undo: nothing to undo.
    """
    work.env.host.outlast(work.key(""), timeout_seconds=LOST_JOB_SECONDS)


def end_undecided(settings: Settings) -> list[str]:
    """End every deployment that waits for a decision which can no longer come. Returns a sentence for each."""
    ledger = Ledger(settings.database_url)
    ended = []
    for one in ledger.deployments.open_ones():
        if one.state in UNDECIDED and (why := _why_over(settings, one)):
            ledger.deployments.move(one.id, DeploymentState.EXPIRED, reason=why, actor="recover/all")
            ended.append(f"{one.stack} {one.environment} #{one.number} {one.version}: {why}")
    return ended


def _why_over(settings: Settings, one: Deployment) -> str | None:
    hours = find_stack(settings.stacks, one.stack).environments[cast(EnvironmentName, one.environment)].approval_hours
    if one.created_at + timedelta(hours=hours) < datetime.now(UTC):
        cancel_run(one.run_id, f"nobody decided within {hours:g} hours; start the release again to ask anew")
        return f"nobody decided within {hours:g} hours"
    state = _run_state(one.run_id)
    return f"its run is {state.name}" if state is not None and state.is_final() else None


def _run_state(run_id: str) -> State[Any] | None:
    with get_client(sync_client=True) as client:
        try:
            return client.read_flow_run(UUID(run_id)).state
        except ObjectNotFound:
            return None

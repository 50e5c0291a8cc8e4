"""How a deployment begins: opened in the ledger, with all that was planned kept for whoever goes on
with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from prefect.runtime import flow_run

from tasks.frame.deployments import UNDECIDED, actor, opened_by_this_run, refuse_ended
from tasks.frame.environments import exactly_as_planned, open_exactly, root_of, was_kept
from tasks.frame.messages import tell
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.outside import highest_number
from tasks.frame.planned import note_plan
from tasks.frame.runs import cancel_run
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work, seals
from tidegate.errors import ConfigError
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.releases import BROUGHT
from tidegate.ledger.tables import Deployment
from tidegate.pages.fault_words import told_reason
from tidegate.plan.changes import Plan
from tidegate.policy.states import UNFINISHED, DeploymentState
from tidegate.settings import Settings
from tidegate.versions import recorded

BEGUN = (*UNFINISHED, DeploymentState.WATCHING)
GONE = (DeploymentState.GOOD, DeploymentState.SUPERSEDED, DeploymentState.ROLLED_BACK)
"""It was deployed: to have it there again is another deployment."""
MOST_KEPT = 21
"""Configurations and images of good releases: as far back as a rollback can be asked to go."""


def open_deployment(env: OpenEnvironment, plan: Plan, requested_by: str) -> Work:
    """The deployment of this plan by this flow run: made once, found again when the run starts
    again.

    Another plan is another deployment. Newer supersedes older. What this run has begun to change
    already is gone on with, as it was planned.
    """
    mine = opened_by_this_run(env)
    if mine and mine[0].state in BEGUN:
        return work_of(exactly_as_planned(env, mine[0]), mine[0])
    release = env.ledger.releases.record(
        stack=env.stack.name,
        version=plan.version.name,
        commit=plan.version.id,
        images=dict(plan.pins),
        config_hash=plan.configuration.hash,
    )
    deployment = env.ledger.deployments.open(
        key=_key_of(env, plan, mine),
        release_id=release.id,
        environment=env.name,
        above=highest_number(env),
        requested_by=requested_by or "unnamed",
        run_id=str(flow_run.get_id()),
        plan_hash=plan.hash,
        rollback_target_id=plan.running.id if plan.running else None,
    )
    work = Work(env=env, deployment=deployment, version=plan.version, pins=plan.pins)
    refuse_ended(work)
    _overtake_older(work)
    note_plan(work, plan)
    keep_configuration(work)
    refuse_lost_configuration(work)
    return replace(
        work, env=replace(env, read=env.model(), copies=seals(env.settings).files_of(deployment.id))
    )


def begun_by_this_run(environment: str) -> Work | None:
    """What this run has begun to change before it was interrupted: it is finished as it was
    planned, and nothing is planned anew. Raises LedgerError where it has ended."""
    settings = Settings()
    mine = Ledger(settings.database_url).deployments.of_run(str(flow_run.get_id()), environment)
    if not mine or mine[0].state in UNDECIDED:
        return None
    work = work_of(open_exactly(mine[0], settings), mine[0])
    refuse_ended(work)
    return work


def is_of_this_run(work: Work) -> bool:
    return work.deployment.run_id == str(flow_run.get_id())


def work_of(env: OpenEnvironment, deployment: Deployment) -> Work:
    """Work on a deployment from the ledger alone: the way back needs no repository."""
    release = deployment.release
    version = recorded(release.version, release.commit, release.images, release.created_at)
    return Work(env=env, deployment=deployment, version=version, pins=release.images)


@step("keep-configuration", timeout_seconds=60)
def keep_configuration(work: Work) -> Evidence:
    """Keep what was planned with, for whoever goes on after an approval or a crash, or goes back
    here later.

    Needs: a plan. Leaves: a folder with secrets that only the owner can enter; fingerprints in the
    journal. Again: the first one stays. Undo: it is removed when nobody can need it any more.
    """
    env, kept = work.env, seals(work.env.settings)
    drop_needless(env)
    kept.write(
        work.deployment.id,
        stack=env.stack,
        values=env.values,
        model=env.model(),
        files=env.files_of(env.released),
        contents=env.contents,
    )
    return {"configuration": dict(env.configuration.prints)}


def refuse_lost_configuration(work: Work) -> None:
    """A release goes on with exactly what was planned, or not at all. Raises ConfigError."""
    env, release = work.env, work.deployment
    if was_kept(env.ledger, release) and not seals(env.settings).is_whole(release.id):
        raise ConfigError(
            f"going on with {work.title}",
            f"what it was planned with is gone from sealed/{release.id}, or damaged",
            "Start the release again",
        )


def prints_of(env: OpenEnvironment, deployment: Deployment) -> Mapping[str, str]:
    """The fingerprints of a deployment's whole configuration; of an older one, only those of its
    env."""
    release = root_of(env.ledger, deployment)
    row = env.ledger.journal.get(
        env.ledger.journal.key(env.name, env.stack.name, release.number, "keep-configuration")
    )
    if row is not None and row.is_done:
        return dict(row.evidence["configuration"])
    return {f"env/{name}": value for name, value in release.figures.get("config", {}).items()}


def drop_needless(env: OpenEnvironment) -> None:
    """Seals of what has ended without having been good, and of what nobody goes back to any
    more."""
    history = env.ledger.deployments.history(env.stack.name, env.name)
    at_work = [one for one in history if one.state.is_open or one.state is DeploymentState.GOOD]
    good = islice((one for one in history if one.was_good and one.kind in BROUGHT), MOST_KEPT)
    needed = {root_of(env.ledger, one).id for one in [*at_work, *good]}
    # a change of base services has a configuration of its own
    needed |= {one.id for one in history if one.state.is_open}
    for one in history:
        if one.id not in needed:
            seals(env.settings).remove(one.id)


def _key_of(env: OpenEnvironment, plan: Plan, mine: Sequence[Deployment]) -> str:
    """`release/<run>/prod` for the first plan, `release/<run>/prod/2` for the second."""
    if mine and mine[0].plan_hash == plan.hash and mine[0].state not in GONE:
        return mine[0].key
    first = f"release/{flow_run.get_id()}/{env.name}"
    return f"{first}/{len(mine) + 1}" if mine else first


def _overtake_older(work: Work) -> None:
    """A release that waits is replaced by this one; a rollback never is."""
    deployments, own = work.env.ledger.deployments, str(flow_run.get_id())
    for older in deployments.open_ones(work.env.stack.name, work.env.name):
        if (
            older.kind == "release"
            and older.number < work.deployment.number
            and older.state in UNDECIDED
        ):
            how = "the plan has changed: see" if older.run_id == own else "overtaken by"
            why = f"{how} #{work.deployment.number} {work.version.name}"
            deployments.move(older.id, DeploymentState.EXPIRED, actor=actor(), reason=why)
            seals(work.env.settings).remove(older.id)
            if older.state is DeploymentState.WAITING and older.run_id != own:
                cancel_run(older.run_id, told_reason(why, work.env.stack.language))
                tell(
                    replace(
                        work,
                        deployment=deployments.get(older.id),
                        version=work_of(work.env, older).version,
                    ),
                    "refused",
                )

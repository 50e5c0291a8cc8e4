"""How a change of base services begins: opened in the ledger with its plan, and decided about."""

from __future__ import annotations

from datetime import datetime

from prefect.runtime import flow_run

from tasks.frame.environments import as_planned, open_sealed
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.outside import highest_number
from tasks.frame.work import Work, seals
from tasks.people.acceptance import Question, wait_for_decision
from tasks.people.forms import BASE, BASE_CHECKLIST
from tidegate.ledger.columns import DeploymentKind
from tidegate.ledger.ledger import Ledger
from tidegate.pages.base import base_page
from tidegate.pages.question import about_base
from tidegate.plan.base_changes import BasePlan
from tidegate.plan.targets import origin_of, serving
from tidegate.secrecy.outside_text import one_line
from tidegate.settings import Settings
from tidegate.stack.base_builds import with_images

BASE_KIND: DeploymentKind = "base"


def begun_base_change(environment: str) -> Work | None:
    """What this run has opened before it was suspended or interrupted: it goes on as it was
    planned. None where it was cut short while it was opened, which is done again."""
    settings = Settings()
    deployments = Ledger(settings.database_url).deployments
    mine = deployments.of_run(str(flow_run.get_id()), environment, kinds=(BASE_KIND,))
    whole = [one for one in mine if "base" in one.figures]
    return work_of(open_sealed(whole[0], settings), whole[0]) if whole else None


def open_base_change(env: OpenEnvironment, plan: BasePlan, reason: str, requested_by: str) -> Work:
    """The change of this flow run, with the configuration that was planned kept for whoever goes on
    with it. The version that serves stays."""
    deployments = env.ledger.deployments
    history = deployments.history(env.stack.name, env.name)
    origin = origin_of(serving(history), {one.id: one for one in history})
    opened = deployments.open(
        key=f"base/{flow_run.get_id()}/{env.name}",
        release_id=origin.release_id,
        environment=env.name,
        above=highest_number(env),
        requested_by=requested_by or "unnamed",
        run_id=str(flow_run.get_id()),
        kind=BASE_KIND,
        origin_id=origin.id,
        rollback_target_id=plan.serving,
        reason=one_line(reason),
        slot=serving(history).slot,
    )
    seals(env.settings).write(
        opened.id,
        stack=env.stack,
        values=env.values,
        model=with_images(env.model(), plan.images),
        files={},
        contents={},
    )
    amended = deployments.amend(opened.id, figures={"base": plan.facts})
    return work_of(as_planned(env, origin), amended)


def plan_of(work: Work) -> BasePlan:
    return BasePlan.of(work.deployment.figures["base"])


def ask_about_base(work: Work) -> Work:
    """Go on only with a person's decision on this very plan. Nothing is changed meanwhile."""
    plan, stack, ledger = plan_of(work), work.env.stack, work.env.ledger
    saved = ledger.backups.newest_verified(stack.name, work.env.name)

    def page(expires: datetime, note: str) -> str:
        return base_page(
            plan,
            stack.language,
            time_zone=stack.time_zone,
            backup=saved.facts if saved else None,
            expires=expires,
            note=note,
        )

    return wait_for_decision(
        work,
        Question(
            hash=plan.hash,
            running=plan.serving,
            page=page,
            checklist=BASE_CHECKLIST,
            sentences=about_base(plan, stack.language),
            form=BASE[stack.language],
            rejected="Nothing was changed. Put the compose files back, or correct them",
        ),
    )

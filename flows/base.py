"""Change base services, such as a database: what the compose files say now takes the place of what
runs, and what ran comes back when it fails."""

from __future__ import annotations

from prefect import State, flow
from prefect.states import Completed

from flows.let_in import let_people_in
from flows.parameters import EnvironmentName, Person, Reason, StackName
from flows.plain import plainly
from flows.put_back import undone_on_failure
from flows.refused import told_when_refused
from tasks.back.rollbacks import find_images
from tasks.data.base_changing import (
    forget_before,
    keep_base,
    note_base,
    note_outage,
    put_base_back,
    recreate_base,
    refuse_half_way_back,
    refuse_other_version,
    wait_for_base,
)
from tasks.data.base_opening import (
    ask_about_base,
    begun_base_change,
    open_base_change,
    plan_of,
)
from tasks.data.restores import close_doors, open_doors, save_present
from tasks.frame.deployments import (
    begin_change,
    is_good,
    move,
    refresh,
    refuse_busy,
)
from tasks.frame.environments import open_environment
from tasks.frame.locks import holding_lock
from tasks.frame.messages import tell
from tasks.frame.refusals import tell_of_no
from tasks.frame.tags import tag_run
from tasks.frame.work import Work
from tasks.plan.base_plan import plan_base
from tidegate.policy.states import DeploymentState


@flow(
    name="base",
    flow_run_name="change the base of {stack} {environment}: {reason}",
    persist_result=False,
)
@plainly
@told_when_refused("base")
def base(
    stack: StackName,
    reason: Reason,
    environment: EnvironmentName,
    plan_only: bool = False,
    requested_by: Person = "",
) -> State[None] | None:
    """Make base services anew that run otherwise than the compose files say. The version that
    serves stays.

    Args:
        stack: Which application.
        reason: Why they change; it stands in the notice to the team.
        environment: Where.
        plan_only: Show what would change and stop there.
        requested_by: Who asks for it.
    """
    work = begun_base_change(environment)
    if work is None:
        env = open_environment(stack, environment)
        plan = plan_base(env)
        if plan_only:
            return None
        if not plan.changes:
            return Completed(message="the base services run as the files say: nothing was changed")
        refuse_busy(env)
        work = open_base_change(env, plan, reason, requested_by)
    tag_run(work.env.stack.name, work.env.name, work.version.name)
    if plan_of(work).asks:
        with tell_of_no(work):
            ask_about_base(work)
    change_base(work)
    return None


def change_base(work: Work) -> None:
    """From the decision on, which goes on where its journal ends."""
    with holding_lock(work) as work:
        work = refresh(work) if is_good(work) else replace_base(work)
        tell(work, "base_changed")
        forget_before(work)


def replace_base(work: Work) -> Work:
    """From the containers of before, which are kept, to a version that serves with the new ones."""
    plan = plan_of(work)
    refuse_other_version(work)
    work = begin_change(work)
    with undone_on_failure(work, put_base_back, open_doors, clear_up=forget_before):
        refuse_half_way_back(work)
        note_base(work)
        keep_base(work)
        find_images(work)
        if plan.is_closed:
            close_doors(work)
        if plan.saves:
            save_present(work)
        recreate_base(work)
        wait_for_base(work)

        let_people_in(work, was_closed=plan.is_closed)
        work = note_outage(work)
        return move(work, DeploymentState.GOOD, work.deployment.reason)

"""Take over an application that people started by hand: it goes on running, and Tidegate leads to
it and knows the way back."""

from __future__ import annotations

from prefect import State, flow
from prefect.states import Completed

from flows.parameters import EnvironmentName, Person, StackName
from flows.plain import plainly
from flows.put_back import undone_on_failure
from flows.refused import told_when_refused
from tasks.frame.deployments import begin_change, is_good, move, refresh, refuse_busy
from tasks.frame.environments import open_environment
from tasks.frame.locks import holding_lock
from tasks.frame.messages import tell
from tasks.frame.opening import begun_by_this_run
from tasks.frame.tags import tag_run
from tasks.frame.work import Work
from tasks.plan.adopting import find_by_hand, open_adoption, taken_already
from tasks.plan.preflight import check_takeover
from tasks.slots.adopted import attach_containers, detach_containers
from tasks.slots.smoke import smoke_public, smoke_slot
from tasks.traffic.switching import offer_candidate, settle_route, shift_back, shift_traffic
from tidegate.policy.states import DeploymentState


@flow(name="adopt", flow_run_name="adopt {stack} {environment}", persist_result=False)
@plainly
@told_when_refused("adoption")
def adopt(
    stack: StackName,
    environment: EnvironmentName,
    plan_only: bool = False,
    requested_by: Person = "",
) -> State[None] | None:
    """Take over what runs by hand, with its data, as the first deployment of an environment.

    Args:
        stack: Which application.
        environment: Which of its environments runs by hand.
        plan_only: Show what was found and stop there.
        requested_by: Who asks for it.
    """
    if work := begun_by_this_run(environment):
        take_over(work)
        return None
    env = open_environment(stack, environment)
    if there := taken_already(env):
        return Completed(
            message=f"{there.version} was taken over already as #{there.number}: "
            "nothing was changed"
        )
    if not plan_only:
        refuse_busy(env)
    seen = find_by_hand(env)
    check_takeover(env)
    if plan_only:
        return None
    tag_run(env.stack.name, env.name, seen.version.name)
    take_over(open_adoption(env, seen, requested_by))
    return None


def take_over(work: Work) -> None:
    """From the first change on, which goes on where its journal ends."""
    with holding_lock(work) as work:
        work = refresh(work) if is_good(work) else put_edge_in_front(work)
        tell(work, "adopted")


def put_edge_in_front(work: Work) -> Work:
    """Nothing is stopped or restarted: the edge is one more way to what runs."""
    work = begin_change(work)
    with undone_on_failure(work, shift_back, detach_containers):
        attach_containers(work)
        offer_candidate(work)
        smoke_slot(work)

        shift_traffic(work)
        smoke_public(work)

        settle_route(work)
        return move(work, DeploymentState.GOOD, work.deployment.reason)

"""Roll back: the old version serves again, at once while its slot is warm. Needs no approval; no
window stops it."""

from __future__ import annotations

from prefect import flow

from flows.in_place import replace_in_place
from flows.parameters import EnvironmentName, Person, Reason, StackName, StepsBack, Target
from flows.plain import plainly
from flows.put_back import end_interrupted, stop_and_ask_on_failure
from flows.refused import told_when_refused
from tasks.back.rollbacks import (
    find_images,
    left_behind,
    note_way_back,
    open_rollback,
    refuse_lossy,
    refuse_overtaken,
    wake_slot,
)
from tasks.data.schema import downgrade_schema
from tasks.frame.deployments import begin_change, is_good, move, place_hold_on, refresh
from tasks.frame.environments import open_serving
from tasks.frame.locks import holding_lock
from tasks.frame.messages import tell
from tasks.frame.tags import say_it_serves_again, tag_run
from tasks.frame.work import Work
from tasks.slots.containers import stop_slot_left, wait_until_healthy
from tasks.slots.handing_over import hand_over_alone
from tasks.slots.in_place import runs_in_place
from tasks.slots.smoke import smoke_public, smoke_slot
from tasks.traffic.switching import offer_candidate, settle_route, shift_traffic, traffic_witness
from tidegate.policy.states import DeploymentState


@flow(
    name="rollback", flow_run_name="roll back {stack} {environment}: {reason}", persist_result=False
)
@plainly
@told_when_refused("rollback")
def rollback(
    stack: StackName,
    reason: Reason,
    environment: EnvironmentName,
    steps_back: StepsBack = 1,
    to: Target = None,
    requested_by: Person = "",
) -> None:
    """Put an earlier good version back.

    Args:
        stack: Which application.
        reason: What is wrong; it stands in the notice to the team.
        environment: Where.
        steps_back: How many good versions back from what runs now; 1 is the one before.
        to: A version, deployment number or id instead of counting steps; empty means count.
        requested_by: Who asks for it.
    """
    env = open_serving(stack, environment)
    work = open_rollback(
        env, steps_back=steps_back, to=to or None, reason=reason, requested_by=requested_by
    )
    tag_run(env.stack.name, env.name, work.version.name)
    go_back(work)


def go_back(work: Work) -> None:
    """The way back, which goes on where its journal ends."""
    with stop_and_ask_on_failure(work):
        note_way_back(work)
        refuse_lossy(work)
        find_images(work)
    with holding_lock(work, take_over=not is_good(work)) as work:
        work = refresh(work) if is_good(work) else serve_again(work)
        tell(work, "rolled_back")  # whatever the clearing up meets, the old version serves
        stop_slot_left(work)


def serve_again(work: Work) -> Work:
    """From whatever is in the middle to the old version serving."""
    with stop_and_ask_on_failure(work):
        refuse_overtaken(work)
    work = begin_change(work)
    with stop_and_ask_on_failure(work):
        end_interrupted(work)

        wake_slot(work)
        wait_until_healthy(work)
        downgrade_schema(work, by=left_behind(work))
        if runs_in_place(work):
            replace_in_place(work)
        else:
            offer_candidate(work)
            smoke_slot(work)

        with traffic_witness(work):
            shift_traffic(work)
            hand_over_alone(work)  # after it: the newer worker knows the messages of both
            say_it_serves_again(work)
            smoke_public(work)

        settle_route(work)
        place_hold_on(work, left_behind(work), work.deployment.reason)
        return move(work, DeploymentState.GOOD, work.deployment.reason)

"""Put one version into one environment: the one that was asked for, and each before it alike."""

from __future__ import annotations

from flows.in_place import replace_in_place
from flows.put_back import put_back_on_failure
from tasks.data.answering import wait_for_new_databases
from tasks.data.backups import back_up
from tasks.data.base import start_base_services
from tasks.data.schema import migrate_schema, refuse_unseen_data
from tasks.frame.deployments import begin_change, is_good, move, refresh
from tasks.frame.locks import holding_lock
from tasks.frame.messages import tell
from tasks.frame.opening import refuse_lost_configuration
from tasks.frame.work import Work
from tasks.people.records import move_alias, publish_record
from tasks.plan.base_builds import build_base_images, builds_base
from tasks.slots.containers import ensure_images, start_slot, stop_old_slot, wait_until_healthy
from tasks.slots.handing_over import hand_over_alone
from tasks.slots.in_place import runs_in_place
from tasks.slots.smoke import smoke_public, smoke_slot
from tasks.traffic.live import note_baseline
from tasks.traffic.switching import (
    offer_candidate,
    rehearse_rollback,
    settle_route,
    shift_traffic,
    traffic_witness,
)
from tasks.traffic.watches import watch_release
from tidegate.policy.states import DeploymentState


def deploy(work: Work, *, is_told: bool = True) -> Work:
    """The old version serves until the new one has proved itself; any failure puts the old one
    back."""
    with holding_lock(work) as work:
        work = refresh(work) if is_good(work) else replace_old(work)
        if is_told:
            tell(work, "released")  # whatever the clearing up meets, the new version serves
        move_alias(work)  # from here on nothing is a reason to go back
        stop_old_slot(work)
        publish_record(work)
    return work


def replace_old(work: Work) -> Work:
    """From the images to a version that is good."""
    work = begin_change(work)
    with put_back_on_failure(work):
        refuse_lost_configuration(work)
        ensure_images(work)
        if builds_base(work.env):
            build_base_images(work)
        start_base_services(work)
        wait_for_new_databases(work)
        refuse_unseen_data(work)
        back_up(work)
        migrate_schema(work)

        start_slot(work)
        wait_until_healthy(work)
        note_baseline(work)
        if runs_in_place(work):
            replace_in_place(work)
        else:
            offer_candidate(work)
            smoke_slot(work)
            # before anybody's work is done by the new version: workers know the old one's messages
            hand_over_alone(work)

        with traffic_witness(work) as witness:
            shift_traffic(work)  # done already where it was replaced in place
            work = move(work, DeploymentState.WATCHING)
            smoke_public(work)
            rehearse_rollback(work)
            watch_release(work, witness)

        settle_route(work)
        return move(work, DeploymentState.GOOD)

"""Put the data of a backup back, over what was written since: only after a person has decided, and
with nobody served."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from prefect import flow
from prefect.exceptions import TerminationSignal

from flows.in_place import replace_in_place
from flows.parameters import BackupName, EnvironmentName, Person, Reason, StackName
from flows.plain import plainly
from flows.put_back import stop_and_ask_on_failure
from flows.refused import told_when_refused
from tasks.back.rollbacks import find_images, left_behind, wake_slot
from tasks.data.restores import (
    ask_about_restore,
    clear_beside,
    close_doors,
    compare_backup,
    note_restore,
    open_doors,
    open_restore,
    restore_beside,
    restore_data,
    save_present,
    touched_data,
)
from tasks.frame.deployments import begin_change, close_failed, move, place_hold_on, refresh
from tasks.frame.environments import open_serving
from tasks.frame.locks import holding_lock
from tasks.frame.messages import tell
from tasks.frame.refusals import tell_of_no
from tasks.frame.tags import tag_run
from tasks.frame.work import Work
from tasks.slots.containers import wait_until_healthy
from tasks.slots.handing_over import hand_over_alone
from tasks.slots.in_place import runs_in_place
from tasks.slots.smoke import smoke_public, smoke_slot
from tasks.traffic.switching import offer_candidate, settle_route, shift_traffic
from tidegate.errors import FencedError
from tidegate.policy.states import DeploymentState


@flow(name="restore", flow_run_name="restore {stack} {environment}: {reason}", persist_result=False)
@plainly
@told_when_refused("restore")
def restore(
    stack: StackName,
    reason: Reason,
    environment: EnvironmentName,
    backup: BackupName = "",
    requested_by: Person = "",
) -> None:
    """Put the data of a backup back, with the version that served when it was made. Asks a person
    first.

    Args:
        stack: Which application.
        reason: Why the data must go back; it stands in the notice to the team.
        environment: Where.
        backup: Which backup, by its id; empty is the newest verified one.
        requested_by: Who asks for it.
    """
    env = open_serving(stack, environment)
    work = open_restore(env, backup=backup or None, reason=reason, requested_by=requested_by)
    tag_run(env.stack.name, env.name, work.version.name)
    with tell_of_no(work):
        ask_about_restore(work)
    put_data_back(work)


def put_data_back(work: Work) -> None:
    """From the decision on, which goes on where its journal ends."""
    with holding_lock(work) as work:
        work = begin_change(work)
        with reopen_on_failure(work), stop_and_ask_on_failure(work, only_if=touched_data):
            note_restore(work)
            find_images(work)
            compare_backup(work)
            restore_beside(work)
            close_doors(work)
            save_present(work)
            compare_backup(work)
            restore_data(work)

            wake_slot(work)
            wait_until_healthy(work)
            if runs_in_place(work):
                replace_in_place(work)
            offer_candidate(work)
            smoke_slot(work)
            shift_traffic(work)
            hand_over_alone(work)
            smoke_public(work)

            settle_route(work)
            place_hold_on(work, left_behind(work), work.deployment.reason)
            work = move(work, DeploymentState.GOOD, work.deployment.reason)
    tell(work, "restored")


@contextlib.contextmanager
def reopen_on_failure(work: Work) -> Iterator[None]:
    """What fails before the data were touched lets the version serve again that was stopped for
    it."""
    try:
        yield
    except FencedError:
        raise
    except (Exception, TerminationSignal) as error:
        if not touched_data(work):
            with stop_and_ask_on_failure(work, because=error):
                open_doors(work)
            clear_beside(work)
            close_failed(refresh(work), error)
            tell(work, "failed", error=error)
        raise

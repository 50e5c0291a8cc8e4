"""Put the data of a backup back, over what was written since: only after a person has decided, and
with nobody served."""

from __future__ import annotations

from prefect import flow

from flows.let_in import let_people_in
from flows.parameters import BackupName, EnvironmentName, Person, Reason, StackName
from flows.plain import plainly
from flows.put_back import stop_and_ask_on_failure, undone_on_failure
from flows.refused import told_when_refused
from tasks.back.rollbacks import find_images, left_behind
from tasks.data.restore_opening import ask_about_restore, open_restore
from tasks.data.restores import (
    clear_beside,
    close_doors,
    compare_backup,
    note_restore,
    open_doors,
    restore_beside,
    restore_data,
    save_present,
    touched_data,
)
from tasks.frame.deployments import begin_change, move, place_hold_on
from tasks.frame.environments import open_serving
from tasks.frame.locks import holding_lock
from tasks.frame.messages import tell
from tasks.frame.refusals import tell_of_no
from tasks.frame.tags import tag_run
from tasks.frame.work import Work
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
        with (
            undone_on_failure(work, open_doors, clear_up=clear_beside, unless=touched_data),
            stop_and_ask_on_failure(work, only_if=touched_data),
        ):
            note_restore(work)
            find_images(work)
            compare_backup(work)
            restore_beside(work)
            close_doors(work)
            save_present(work)
            compare_backup(work)
            restore_data(work)

            let_people_in(work, was_closed=True)
            place_hold_on(work, left_behind(work), work.deployment.reason)
            work = move(work, DeploymentState.GOOD, work.deployment.reason)
    tell(work, "restored")

"""Putting the data of a backup back, with the version that served when it was made. Only after a
person's decision."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import UTC, datetime

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.data.backups import images_here, save, volumes
from tasks.data.found import sources_then
from tasks.data.restore_opening import chosen_backup, env_of_data
from tasks.frame.deployments import previous
from tasks.frame.limits import MOST_SLOTS, with_waits
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import Planned, SchemaMove
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.adopted import start_again
from tasks.slots.containers import stop_slot
from tasks.slots.health import wait_for_slot
from tasks.slots.state import all_of, running_slots
from tasks.traffic.switching import close_route, open_route
from tidegate.errors import TidegateError
from tidegate.ledger.tables import StoredBackup
from tidegate.waiting import seconds_since


@step("plan", timeout_seconds=30)
def note_restore(work: Work) -> Evidence:
    """Keep for later ways back that this one went over a restore: the version left behind never
    stands by.

    Needs: a decision. Leaves: it in the journal. Again: the first one stays. Undo: nothing to undo.
    """
    return asdict(Planned("lossy", "stop and ask", tuple[SchemaMove, ...]()))


@task(
    task_run_name="compare the backup with the ledger {work.title}",
    timeout_seconds=4 * 3600,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def compare_backup(work: Work) -> None:
    """Read all files of the backup: somebody may have changed them while the question waited.

    Needs: a decision. Leaves: nothing. Again: reads them again. Undo: nothing to undo.
    """
    work.env.backups.compare(chosen_backup(work).facts)


@step("close-doors", timeout_seconds=with_waits(MOST_SLOTS))
def close_doors(work: Work) -> Evidence:
    """Send nobody anywhere and stop what serves, so that nothing is written while the data are
    replaced.

    Needs: a lock, a decision. Leaves: an edge that answers 503, stopped containers. Again: changes
    nothing. Undo: `open_doors`.
    """
    close_route(work)
    left = previous(work)
    # one may have been kept warm
    for project in sorted(running_slots(work.env) | ({left.slot} if left else set())):
        stop_slot(work, project)
    return {"closed": datetime.now(UTC).isoformat(timespec="seconds")}


@step("save-present", timeout_seconds=4 * 3600)
def save_present(work: Work) -> Evidence:
    """Keep what is there now as a backup of its own: a restore can itself be taken back.

    Needs: closed doors. Leaves: a verified backup. Again: the sealed one is taken. Undo: nothing to
    undo.
    """
    return {"backup": save(replace(work, env=env_of_data(work))).id}


@step("restore-beside", timeout_seconds=4 * 3600, retry_delays=(5,))
def restore_beside(work: Work) -> Evidence:
    """Restore volumes and databases beside those in use, and compare the rows with those that were
    proved.

    Needs: a decision. Leaves: copies beside; what is in use is not touched. Again: from the
    beginning. Undo: `clear_beside`.
    """
    env, chosen, begun = env_of_data(work), chosen_backup(work), time.monotonic()
    work.check_fence()
    if declared := volumes(env):
        image = _image(work)
        for name, volume in declared.items():
            env.volumes.put_beside(chosen.facts, name, volume, image, work.key("restore-volume"))
    tables = sum(
        len(env.restored.stand_beside(chosen.facts, source))
        for source in sources_then(env, chosen.facts)
    )
    get_run_logger().info("a copy from %s stands beside, compared: %d tables", chosen.id, tables)
    return {"backup": chosen.id, "tables": tables, "seconds": seconds_since(begun)}


@step("restore-data", timeout_seconds=4 * 3600, retry_delays=(5,))
def restore_data(work: Work) -> Evidence:
    """Let the copies take the place of what is there, and compare the rows once more.

    Needs: closed doors, what was there saved. Leaves: the state of the backup. Again: what is in
    its place stays, and what does not stand beside is restored first. Undo: restore the backup that
    was made just before.
    """
    env, chosen, begun = env_of_data(work), chosen_backup(work), time.monotonic()
    work.env.backups.compare(chosen.facts)
    work.check_fence()
    rows: dict[str, int] = {}
    for source in sources_then(env, chosen.facts):
        name, tables = source.spec.name, env.restored.put_in_place(chosen.facts, source)
        rows |= {f"{name}.{table}": count for table, count in tables.items()}
        get_run_logger().info("%s is as in the backup %s: %d tables", name, chosen.id, len(tables))
    _replace_volumes(work, env)  # last: where the databases are as they were, so is everything
    _clear(env, chosen)  # only now: until here what was replaced stands beside
    return {"backup": chosen.id, "rows": rows, "seconds": seconds_since(begun)}


@task(
    task_run_name="remove what stands beside {work.title}",
    timeout_seconds=600,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def clear_beside(work: Work) -> None:
    """Remove the copies of a restore that did not come to use them.

    Needs: untouched data. Leaves: no copies; what cannot be removed is named, and the next restore
    removes it. Again: changes nothing. Undo: nothing to undo.
    """
    if work.env.ledger.journal.get(work.key("restore-beside")) is None:
        return
    env = env_of_data(work)
    try:
        for source in sources_then(env, chosen_backup(work).facts):
            env.restored.remove_beside(source)
        _remove_volumes(env)
    except TidegateError as error:
        get_run_logger().warning("left beside: %s", work.env.redactor.redact(str(error)))


@step("open-doors", timeout_seconds=with_waits(2))
def open_doors(work: Work) -> Evidence:
    """Let the version serve again that was stopped for a restore which did not come to touch the
    data.

    Needs: untouched data. Leaves: the old slot serving. Again: changes nothing. Undo: restore
    again.
    """
    left = previous(work)
    if left is None:
        return {"serving": None}
    start_again(work.env, left.slot)
    wait_for_slot(work, left.slot, all_of(work.env, left.slot))
    open_route(work, left)
    return {"serving": left.number}


def touched_data(work: Work) -> bool:
    """Whether the data may be other than before: then nothing that served is let in again."""
    row = work.env.ledger.journal.get(work.key("restore-data"))
    return row is not None and (row.is_done or not _are_as_they_were(work))


def _are_as_they_were(work: Work) -> bool:
    """Asked of the databases, which are replaced first. Where there is none, or one does not
    answer, nobody knows."""
    env = env_of_data(work)
    try:
        databases = sources_then(env, chosen_backup(work).facts)
        return bool(databases) and all(env.restored.is_untouched(one) for one in databases)
    except TidegateError:
        return False


def _replace_volumes(work: Work, env: OpenEnvironment) -> None:
    declared, key = volumes(env), work.key("restore-volume")
    image = _image(work) if declared else ""
    for name, volume in declared.items():
        if not env.volumes.stands_beside(volume):
            env.volumes.put_beside(chosen_backup(work).facts, name, volume, image, key)
        env.volumes.replace(volume, image, key)


def _clear(env: OpenEnvironment, chosen: StoredBackup) -> None:
    for source in sources_then(env, chosen.facts):
        env.restored.remove_replaced(source)
    _remove_volumes(env)


def _remove_volumes(env: OpenEnvironment) -> None:
    for volume in volumes(env).values():
        env.volumes.remove_beside(volume)


def _image(work: Work) -> str:
    return work.env.volumes.image_with_tools(images_here(work), work.key("restore-volume"))

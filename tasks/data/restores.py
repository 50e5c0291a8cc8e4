"""Putting the data of a backup back, with the version that served when it was made. Only after a
person's decision."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import UTC, datetime

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.data.backups import images_here, kept_backups, save, sources, volumes
from tasks.data.databases import owned, spec_of
from tasks.frame.deployments import previous
from tasks.frame.environments import as_planned
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.planned import Planned, SchemaMove
from tasks.frame.step import Evidence, step, without_secrets
from tasks.frame.work import Work
from tasks.people.acceptance import Question, wait_for_decision
from tasks.people.forms import RESTORE, RESTORE_CHECKLIST
from tasks.slots.adopted import start_again
from tasks.slots.containers import stop_slot
from tasks.slots.health import wait_for_slot
from tasks.slots.state import all_of, running_slots
from tasks.traffic.switching import close_route, open_route
from tidegate.backups.restores import RestorePlan, choose_backup, made_before, version_of
from tidegate.errors import TidegateError
from tidegate.ledger.tables import StoredBackup
from tidegate.pages.question import about_restore
from tidegate.pages.restore import restore_page
from tidegate.plan.targets import serving
from tidegate.secrecy.outside_text import one_line


def open_restore(
    env: OpenEnvironment, *, backup: str | None, reason: str, requested_by: str
) -> Work:
    """The restore of this flow run: made once, found again when the run starts again.

    Raises InputError, HeldError with the candidates; BackupError, before anybody is asked, for one
    that is not what the ledger knows.
    """
    env.refuse_faults()
    key, deployments = f"restore/{flow_run.get_id()}/{env.name}", env.ledger.deployments
    history = deployments.history(env.stack.name, env.name)
    mine = next((one for one in history if one.key == key), None)
    others = [one for one in history if one.key != key]
    faulty = [fault.name for fault in kept_backups(env).faulty]
    wanted = _noted(mine.figures if mine else {}) or backup
    chosen = choose_backup(env.ledger.backups.verified(env.stack.name, env.name), wanted, faulty)
    if mine is None:
        # after a decision `compare_backup` does it, and ends what was opened
        env.backups.compare(chosen.facts)
    origin = version_of(chosen, others, env.ledger.holds.commits(env.stack.name))
    opened = mine or deployments.open(
        key=key,
        release_id=origin.release_id,
        environment=env.name,
        requested_by=requested_by or "unnamed",
        run_id=str(flow_run.get_id()),
        kind="restore",
        origin_id=origin.id,
        rollback_target_id=serving(others).id,
        reason=one_line(reason),
        slot=origin.slot,
    )
    restores = {"backup": chosen.id, "before": made_before(chosen, others)}
    amended = deployments.amend(opened.id, figures={"restores": restores})
    return work_of(as_planned(env, origin), amended)


def ask_about_restore(work: Work) -> Work:
    """Go on only with a person's decision on this very backup and what serves now. Nothing is
    changed meanwhile."""
    plan, stack = _plan(work), work.env.stack
    language, zone = stack.language, stack.time_zone

    def page(expires: datetime, note: str) -> str:
        now = datetime.now(UTC)
        return restore_page(plan, language, now=now, expires=expires, time_zone=zone, note=note)

    return wait_for_decision(
        work,
        Question(
            hash=plan.hash,
            running=plan.serving.id,
            page=page,
            checklist=RESTORE_CHECKLIST,
            sentences=about_restore(plan, language, time_zone=zone),
            form=RESTORE[language],
            rejected="Nothing was changed. Correct the data, or release a corrected version",
        ),
    )


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
    work.env.backups.compare(_chosen(work).facts)


@step("close-doors", timeout_seconds=1200)
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
    return {"backup": save(replace(work, env=_env_of_data(work))).id}


@step("restore-beside", timeout_seconds=4 * 3600, retry_delays=(5,))
def restore_beside(work: Work) -> Evidence:
    """Restore volumes and databases beside those in use, and compare the rows with those that were
    proved.

    Needs: a decision. Leaves: copies beside; what is in use is not touched. Again: from the
    beginning. Undo: `clear_beside`.
    """
    env, chosen, begun = _env_of_data(work), _chosen(work), time.monotonic()
    work.check_fence()
    if declared := volumes(env):
        image = _image(work)
        for name, volume in declared.items():
            env.volumes.put_beside(chosen.facts, name, volume, image, work.key("restore-volume"))
    tables = sum(len(env.restored.stand_beside(chosen.facts, source)) for source in sources(env))
    get_run_logger().info("a copy from %s stands beside, compared: %d tables", chosen.id, tables)
    return {"backup": chosen.id, "tables": tables, "seconds": round(time.monotonic() - begun, 1)}


@step("restore-data", timeout_seconds=4 * 3600, retry_delays=(5,))
def restore_data(work: Work) -> Evidence:
    """Let the copies take the place of what is there, and compare the rows once more.

    Needs: closed doors, what was there saved. Leaves: the state of the backup. Again: what is in
    its place stays, and what does not stand beside is restored first. Undo: restore the backup that
    was made just before.
    """
    env, chosen, begun = _env_of_data(work), _chosen(work), time.monotonic()
    work.env.backups.compare(chosen.facts)
    work.check_fence()
    rows: dict[str, int] = {}
    for source in sources(env):
        name, tables = source.spec.name, env.restored.put_in_place(chosen.facts, source)
        rows |= {f"{name}.{table}": count for table, count in tables.items()}
        get_run_logger().info("%s is as in the backup %s: %d tables", name, chosen.id, len(tables))
    _replace_volumes(work, env)  # last: where the databases are as they were, so is everything
    _clear(env)  # only now: until here what was replaced stands beside
    return {"backup": chosen.id, "rows": rows, "seconds": round(time.monotonic() - begun, 1)}


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
    env = _env_of_data(work)
    try:
        for source in sources(env):
            env.restored.remove_beside(source)
        _remove_volumes(env)
    except TidegateError as error:
        get_run_logger().warning("left beside: %s", work.env.redactor.redact(str(error)))


@step("open-doors", timeout_seconds=600)
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


def _env_of_data(work: Work) -> OpenEnvironment:
    """The databases live once: they are entered with the logins of the version that serves, not
    with older ones."""
    left = previous(work)
    return as_planned(work.env, left) if left else work.env


def touched_data(work: Work) -> bool:
    """Whether the data may be other than before: then nothing that served is let in again."""
    row = work.env.ledger.journal.get(work.key("restore-data"))
    return row is not None and (row.is_done or not _are_as_they_were(work))


def _are_as_they_were(work: Work) -> bool:
    """Asked of the databases, which are replaced first. Where there is none, or one does not
    answer, nobody knows."""
    env = _env_of_data(work)
    try:
        databases = list(sources(env))
        return bool(databases) and all(env.restored.is_untouched(one) for one in databases)
    except TidegateError:
        return False


def _replace_volumes(work: Work, env: OpenEnvironment) -> None:
    declared, key = volumes(env), work.key("restore-volume")
    image = _image(work) if declared else ""
    for name, volume in declared.items():
        if not env.volumes.stands_beside(volume):
            env.volumes.put_beside(_chosen(work).facts, name, volume, image, key)
        env.volumes.replace(volume, image, key)


def _clear(env: OpenEnvironment) -> None:
    for source in sources(env):
        env.restored.remove_replaced(source)
    _remove_volumes(env)


def _remove_volumes(env: OpenEnvironment) -> None:
    for volume in volumes(env).values():
        env.volumes.remove_beside(volume)


def _image(work: Work) -> str:
    return work.env.volumes.image_with_tools(images_here(work), work.key("restore-volume"))


def _plan(work: Work) -> RestorePlan:
    env, chosen = _env_of_data(work), _chosen(work)
    history = env.ledger.deployments.history(env.stack.name, env.name)
    others = [one for one in history if one.id != work.deployment.id]
    with without_secrets(env.redactor):
        rows = {
            f"{name}.{table}": count
            for name in env.stack.state.databases
            for table, count in owned(env, spec_of(env, name)).row_counts().items()
        }
    return RestorePlan(chosen.facts, work.version.name, serving(others), rows)


def _chosen(work: Work) -> StoredBackup:
    kept = work.env.ledger.backups.verified(work.env.stack.name, work.env.name)
    return choose_backup(kept, _noted(work.deployment.figures))


def _noted(figures: dict[str, object]) -> str | None:
    noted = figures.get("restores")
    return str(noted["backup"]) if isinstance(noted, dict) else None

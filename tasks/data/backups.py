"""The backup before a change: it counts only when it has been restored, and the migration is
rehearsed on that copy."""

from __future__ import annotations

from dataclasses import asdict

from prefect import get_run_logger

from tasks.data.found import database_named, entry_of, found_among, sources, sources_then
from tasks.data.histories import migrator
from tasks.data.schema import move_from, moves_by_history
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.pages import publish
from tasks.frame.planned import planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tidegate.backups.saved import Rehearse, RestoredCopy, ToSave
from tidegate.each import Parted, each
from tidegate.facts import PROJECT_LABEL, Backup
from tidegate.pages.results import backup_page
from tidegate.plan.changes import DOWNGRADES
from tidegate.schema.states import few, moved
from tidegate.stack.slot import declared_volumes


@step("back-up", timeout_seconds=4 * 3600, retry_delays=(5,))
def back_up(work: Work) -> Evidence:
    """Dump what the stack declares as state, restore it beside, compare, and rehearse the migration
    on that copy.

    Needs: the running databases. Leaves: a verified backup; older ones are pruned. Again: the
    sealed one is taken. Undo: nothing to undo.
    """
    if not work.env.config.backup and not planned(work).migrates:
        return {"made": False, "why": f"{work.env.name} has no migration to prepare for"}
    backup = save(work, lambda name, copy: _rehearse(work, name, copy))
    databases = [one.spec.name for one in sources_then(work.env, backup)]
    return {"made": True, **_facts(backup), "databases": databases}


def save(work: Work, rehearse: Rehearse = lambda name, copy: None) -> Backup:
    """The verified backup of this deployment: made, recorded, shown; older ones are pruned."""
    env = work.env
    wanted = ToSave(sources(env), volumes(env), images_here(work)[0], env.config_prints)
    found = found_among(env, wanted.databases)
    backup = env.backups.make(
        f"{work.project}-{work.deployment.number}",
        work.key("backup"),
        wanted,
        rehearse,
        since=work.deployment.created_at,
    )
    env.ledger.backups.record(
        backup,
        stack=env.stack.name,
        environment=env.name,
        deployment_id=work.deployment.id,
        fence=work.fence,
    )
    prune(env)
    page = backup_page(backup, env.stack.language, env.stack.time_zone, found, planned(work).found)
    publish(work, "backup", page)
    for one in found:
        names = few(one.names, between=", ")
        get_run_logger().info("%d databases of %s are saved: %s", len(one.names), one.entry, names)
    get_run_logger().info(
        "backup %s: %d bytes, %d tables, restored and compared in %.1f s",
        backup.id,
        backup.size,
        len(backup.tables),
        backup.restore_seconds,
    )
    return backup


def _rehearse(work: Work, database: str, copy: RestoredCopy) -> None:
    moving = _moving(work)
    if entry_of(database) in moving or not moving:
        rehearse_migration(work, database, copy)


def _beyond_the_first(work: Work, database: str, copy: RestoredCopy) -> str:
    """Each database that moves is rehearsed; the first one is the step itself, unless a pattern
    has found it."""
    return database if database != entry_of(database) or database in _moving(work)[1:] else ""


def _moving(work: Work) -> list[str]:
    return [spec.database for spec, _ in moves_by_history(work)]


@step("rehearse-migration", timeout_seconds=3600, retry_delays=(), part=_beyond_the_first)
def rehearse_migration(work: Work, database: str, copy: RestoredCopy) -> Evidence:
    """Migrate the restored copy with the new image; where going back needs a downgrade, walk that
    way too.

    Needs: a restored copy. Leaves: nothing. Again: on a fresh copy. Undo: nothing to undo.
    """
    walked = []
    for spec, moves in moves_by_history(work):
        if spec.database == entry_of(database):
            at, key = database_named(work.env, database), work.key(f"rehearse-{database}")
            rehearsed = migrator(work.env, spec, at, work.pins, key=key, copy=copy)
            change = moves[0]
            if len(moves) > 1:  # of a pattern: the copy says which one it is
                change = move_from(rehearsed.current(), moves) or moves[0]
            rehearsed.upgrade(change.head)
            if planned(work).way_back in DOWNGRADES and change.goes_down and change.current:
                rehearsed.downgrade(change.current)
                rehearsed.upgrade(change.head)
            walked.append(f"{database}: {moved(change.current, change.head)}")
    return {"rehearsed": ", ".join(walked)}


def kept_backups(env: OpenEnvironment) -> Parted[Backup]:
    """Those that the ledger keeps, by id: good where the folder says what the ledger says. No file
    is read."""
    recorded = {one.id: one.facts for one in env.ledger.backups.kept(env.stack.name, env.name)}
    return each(recorded, env.backups.recognize, "reading the backup")


def prune(env: OpenEnvironment) -> list[str]:
    """Keep the newest verified ones; never one that an unfinished deployment may go back to. A
    faulty one counts as none."""
    faulty = kept_backups(env).faulty
    for fault in faulty:
        get_run_logger().warning("left alone, and not counted: %s", fault.error)
    old = env.ledger.backups.prunable(
        env.stack.name, env.name, env.stack.state.keep, faulty=[one.name for one in faulty]
    )
    removed = env.backups.remove([backup.id for backup in old])
    for backup in removed:
        env.ledger.backups.pruned(backup)
    return removed


def volumes(env: OpenEnvironment) -> dict[str, str]:
    """Declared volume -> the engine's name of it; declared place of the host -> its path."""
    found = declared_volumes(env.model(), env.base_project, env.stack.state.volumes)
    files = {one.part: one.path for one in env.written if not one.reason}
    return {**{key: str(one["name"]) for key, one in found.items()}, **files}


def images_here(work: Work) -> list[str]:
    """The stack's images on the engine, those of its databases first: through a container of one a
    volume is reached."""
    databases = {spec.service for spec in work.env.stack.databases}
    base = work.env.host.containers({PROJECT_LABEL: work.env.base_project})
    ordered = sorted(base, key=lambda one: (one.service not in databases, one.service))
    return [*(one.image_id for one in ordered), *work.pins.values()]


def _facts(backup: Backup) -> Evidence:
    facts = asdict(backup)
    return {
        **facts,
        "made_at": backup.made_at.isoformat(),
        "verified_at": backup.verified_at.isoformat() if backup.verified_at else None,
    }

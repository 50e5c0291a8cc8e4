"""The schema moves here and nowhere else: up by the new image, down by the newer image."""

from __future__ import annotations

from collections.abc import Iterable

from prefect import get_run_logger

from tasks.data.databases import migrator, misfits, schema_state
from tasks.frame.environments import as_planned
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import SchemaMove, planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tidegate.errors import DatabaseError, WayBackError
from tidegate.facts import SchemaState
from tidegate.ledger.tables import Deployment
from tidegate.plan.changes import DOWNGRADES
from tidegate.schema.states import moved, shown, state_of
from tidegate.stack.migrations import Migration


@step("refuse-unseen-data", timeout_seconds=120)
def refuse_unseen_data(work: Work) -> Evidence:
    """See that a database which the plan took for empty is empty: it may have been started a moment
    ago, on old data.

    Needs: running databases. Leaves: nothing. Again: looks again. Undo: nothing to undo.
    """
    for spec, change in moves_of(work):
        if change.current is None:
            _refuse_data(work, spec, schema_state(work.env, spec))
    return {}


def _refuse_data(work: Work, spec: Migration, state: SchemaState) -> None:
    table = state.likely()
    here = shown(state_of(table.revisions)) if table else ""
    if here or state.has_other_tables:
        raise DatabaseError(
            f"looking into the database {spec.database!r} of {work.title}",
            "it was planned as empty and holds "
            f"{f'revision {here}' if here else 'tables without a revision'}",
            "It runs now, so start the release again: its plan will see what is there",
        )


@step("migrate-schema", timeout_seconds=3600, retry_delays=())
def migrate_schema(work: Work) -> Evidence:
    """Upgrade the real databases with the new image.

    Needs: the rehearsal. Leaves: the head revision, verified. Again: what is at head stays. Undo:
    `downgrade_schema`.
    """
    done = []
    for spec, change in moves_of(work):
        real = migrator(work.env, spec, work.pins, key=work.key(f"migrate-{spec.database}"))
        real.upgrade(change.head)
        done.append(f"{spec.database}: {moved(change.current, change.head)}")
        get_run_logger().info("migrated %s", done[-1])
    return {"migrated": ", ".join(done)}


@step("downgrade-schema", timeout_seconds=3600, retry_delays=())
def downgrade_schema(work: Work, by: Deployment | None = None) -> Evidence:
    """Take the schema back to what the old version needs, by the newer image; where the old one
    needs nothing, nothing.

    Needs: a class that can be downgraded. Leaves: the earlier revision. Again: what is there stays.
    Undo: migrate. Raises WayBackError where the schema was moved and cannot be taken back without
    losing data: the data are asked.
    """
    if (way_back := planned(work).way_back) == "stop and ask" and was_migrated(work):
        raise cannot_be_undone(work.deployment, "the version before it")
    if way_back not in DOWNGRADES:
        return {"downgraded": "", "why": f"the way back is {way_back}"}
    if by is None and not was_migrated(work):
        # known without the database, which may be what failed
        return {"downgraded": "", "why": "nothing was migrated"}
    env, pins = (as_planned(work.env, by), by.release.images) if by else (work.env, work.pins)
    moves = [
        (migrator(env, spec, pins, key=work.key(f"downgrade-{spec.database}")), change)
        for spec, change in moves_of(work, env)
        if change.goes_down
    ]
    above = [
        (real, change, now)
        for real, change in moves
        if change.current and (now := real.current()) != change.current
    ]
    # Below its head the new version has never run, so nothing was written that is longer than it
    # was.
    refuse_misfits(
        work, by or work.deployment, [change for _, change, now in above if now == change.head]
    )
    for real, change, _ in above:
        real.downgrade(str(change.current))
    return {
        "downgraded": ", ".join(
            f"{change.database}: {moved(change.head, change.current)}" for _, change, _ in above
        )
    }


def refuse_misfits(work: Work, left: Deployment, moves: Iterable[SchemaMove]) -> None:
    """Ask the data whether the narrower schema would take them all. Raises WayBackError that tells
    which not."""
    found = [text for move in moves for text in misfits(work.env, move.database, move.fits)]
    if found:
        raise cannot_be_undone(left, "the version before it", "; ".join(found))


def was_migrated(work: Work) -> bool:
    """Whether this deployment has begun to move the real schema; where it ended, nobody can say
    without looking."""
    return (
        bool(moves_of(work)) and work.env.ledger.journal.get(work.key("migrate-schema")) is not None
    )


def cannot_be_undone(left: Deployment, to: str, why: str = "") -> WayBackError:
    return WayBackError(
        f"going back from {left.stack} {left.environment} #{left.number} {left.version} to {to}",
        "the database change between them cannot be undone without losing what was written since "
        f"{left.switched_at or left.created_at:%Y-%m-%d %H:%M} UTC{f' ({why})' if why else ''}",
        "Decide: release a corrected version, or restore the backup with "
        f"`restore/{left.environment}`",
    )


def moves_of(work: Work, env: OpenEnvironment | None = None) -> list[tuple[Migration, SchemaMove]]:
    """The schema histories that `env` declares, or else that of the work, whose database has
    somewhere to go."""
    moves = {move.database: move for move in planned(work).schema if move.current != move.head}
    return [
        (spec, moves[spec.database])
        for spec in (env or work.env).stack.migrations
        if spec.database in moves
    ]

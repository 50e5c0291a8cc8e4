"""The schema moves here and nowhere else: up by the new image, down by the newer image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from prefect import get_run_logger

from tasks.data.databases import migrated, placed
from tasks.data.histories import migrator, migrators, misfits, schema_states
from tasks.frame.environments import as_planned
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import SchemaMove, planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tidegate.errors import DatabaseError, MigrationError, TidegateError, WayBackError
from tidegate.facts import SchemaState
from tidegate.ledger.tables import Deployment
from tidegate.plan.changes import DOWNGRADES
from tidegate.schema.ports import Migrator
from tidegate.schema.states import few, moved, shown, state_of
from tidegate.stack.migrations import Migration


@step("refuse-unseen-data", timeout_seconds=120)
def refuse_unseen_data(work: Work) -> Evidence:
    """See that a database which the plan took for empty is empty: it may have been started a moment
    ago, on old data.

    Needs: running databases. Leaves: nothing. Again: looks again. Undo: nothing to undo.
    """
    for spec, change in moves_of(work):
        # of a pattern each is looked at before it is migrated
        if change.current is None and migrated(work.env, spec).pattern is None:
            _refuse_data(work, spec, schema_states(work.env, spec)[spec.database])
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
    for real, changes in [_meant(work, spec, moves) for spec, moves in moves_by_history(work)]:
        for number, (name, one) in enumerate(real.items()):
            with _counted(name, number, len(real)):
                one.upgrade(changes[name].head)
            done.append(f"{name}: {moved(changes[name].current, changes[name].head)}")
            get_run_logger().info("migrated %s", done[-1])
    return {"migrated": ", ".join(done)}


def _meant(
    work: Work, spec: Migration, moves: Sequence[SchemaMove]
) -> tuple[dict[str, Migrator], dict[str, SchemaMove]]:
    """By the name of the database: what moves it, and what was planned of it."""
    real = migrators(work.env, spec, work.pins, key=work.key("migrate-"))
    return real, _planned_of_each(work, spec, moves, real)


def _planned_of_each(
    work: Work, spec: Migration, moves: Sequence[SchemaMove], real: Mapping[str, Migrator]
) -> dict[str, SchemaMove]:
    """By the name of the database. Raises DatabaseError for those of a pattern that are not in the
    backup, or begin where none began that was planned. Nothing is migrated then."""
    database = migrated(work.env, spec)
    if database.pattern is None:
        return dict.fromkeys(real, moves[0])
    backup = work.env.ledger.journal.get(work.key("back-up"))
    names = backup.evidence.get("databases", ()) if backup else ()
    late = [name for name in real if name not in names and not database.saved_elsewhere]
    states = {name: one.current() for name, one in real.items()}
    planned_so = {name: move_from(state, moves) for name, state in states.items()}
    faults = [f"{name} was made since the backup" for name in late]
    faults += [
        f"{name} is at {shown(states[name]) or 'no migration'}, which was not planned"
        for name, move in planned_so.items()
        if move is None
    ]
    if faults:
        raise DatabaseError(
            f"migrating the databases of {spec.database} of {work.title}",
            few(faults, between="; "),
            "Nothing was migrated. Start the release again: its plan and its backup will have them",
        )
    return {name: move for name, move in planned_so.items() if move}


def move_from(state: str | None, moves: Iterable[SchemaMove]) -> SchemaMove | None:
    """The one that begins at `state`, or has ended there."""
    return next((move for move in moves if state in (move.current, move.head)), None)


@contextmanager
def _counted(name: str, done: int, of: int) -> Iterator[None]:
    """Say of several databases which one it was, and how many are migrated."""
    try:
        yield
    except MigrationError as error:
        if of == 1:
            raise
        raise MigrationError(
            f"{error.doing} of {name}",
            f"{error.came_back}; of {of} databases {done} are migrated",
            error.to_do,
            retryable=error.retryable,
        ) from None


@step("downgrade-schema", timeout_seconds=3600, retry_delays=(2, 5, 15))
def downgrade_schema(work: Work, by: Deployment | None = None) -> Evidence:
    """Take the schema back to what the old version needs, by the newer image; where the old one
    needs nothing, nothing.

    Needs: a class that can be downgraded. Leaves: the earlier revision. Again: what is there stays;
    by itself only until a downgrade has begun. Undo: migrate. Raises WayBackError where the schema
    was moved and cannot be taken back without losing data: the data are asked.
    """
    if (way_back := planned(work).way_back) == "stop and ask" and was_migrated(work):
        raise cannot_be_undone(work.deployment, "the version before it")
    if way_back not in DOWNGRADES:
        return {"downgraded": "", "why": f"the way back is {way_back}"}
    if by is None and not was_migrated(work):
        # known without the database, which may be what failed
        return {"downgraded": "", "why": "nothing was migrated"}
    above = [
        (real, change, now)
        for real, change in _ways_down(work, by)
        if change.current and (now := real.current()) != change.current
    ]
    # Below its head the new version has never run, so nothing was written that is longer than it
    # was.
    refuse_misfits(
        work, by or work.deployment, [change for _, change, now in above if now == change.head]
    )
    for real, change, _ in above:
        with _never_again_by_itself():
            real.downgrade(str(change.current))
    return {
        "downgraded": ", ".join(
            f"{change.database}: {moved(change.head, change.current)}" for _, change, _ in above
        )
    }


def _ways_down(work: Work, by: Deployment | None) -> list[tuple[Migrator, SchemaMove]]:
    """What the old version needs to be taken back, with the newer image that can."""
    env, pins = (as_planned(work.env, by), by.release.images) if by else (work.env, work.pins)
    return [
        (
            migrator(
                env,
                spec,
                placed(env, migrated(env, spec)),
                pins,
                key=work.key(f"downgrade-{spec.database}"),
            ),
            change,
        )
        for spec, change in moves_of(work, env)
        if change.goes_down
    ]


@contextmanager
def _never_again_by_itself() -> Iterator[None]:
    """A downgrade that has begun may be cut in two, and MySQL keeps its first half: whatever it
    failed by, a person looks before it begins again."""
    try:
        yield
    except TidegateError as error:
        raise type(error)(error.doing, error.came_back, error.to_do) from None


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
    somewhere to go; of a pattern, each way that was planned."""
    moves = [move for move in planned(work).schema if move.current != move.head]
    return [
        (spec, move)
        for spec in (env or work.env).stack.migrations
        for move in moves
        if move.database == spec.database
    ]


def moves_by_history(work: Work) -> list[tuple[Migration, list[SchemaMove]]]:
    """The same, each history once."""
    found = dict[str, tuple[Migration, list[SchemaMove]]]()
    for spec, move in moves_of(work):
        found.setdefault(spec.database, (spec, []))[1].append(move)
    return [*found.values()]

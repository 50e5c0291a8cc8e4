"""The schema moves here and nowhere else: up by the new image, rehearsed on a restored copy; down by the newer image."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from prefect import get_run_logger

from blocks.scratch import ScratchDatabase, scratch_database
from tasks.backups import newest_of, restore_into
from tasks.databases import container_of, migrator, spec_of
from tasks.deployments import SchemaMove, planned
from tasks.step import Evidence, step
from tasks.work import Work
from tidegate.ledger.tables import Deployment
from tidegate.stackfile import Migration


class RestoredCopy:
    """Copies of the stack's databases in containers of their own: each is started and restored when it is first asked for."""

    def __init__(self, work: Work, scratches: contextlib.ExitStack) -> None:
        self._work, self._scratches = work, scratches
        self._copies: dict[str, ScratchDatabase] = {}

    def of(self, name: str) -> ScratchDatabase:
        """The copy of the database `name`, as the backup of this deployment has it."""
        if name not in self._copies:
            env, spec = self._work.env, spec_of(self._work.env, name)
            copy = self._scratches.enter_context(scratch_database(
                env.host, spec, container_of(env, spec), env.values, self._work.key(f"scratch-{name}")))
            restore_into(self._work, name, copy)
            self._copies[name] = copy
        return self._copies[name]


@contextlib.contextmanager
def restored_copy(work: Work) -> Iterator[RestoredCopy]:
    """Scratch databases for the length of the block."""
    with contextlib.ExitStack() as scratches:
        yield RestoredCopy(work, scratches)


@step("rehearse-migration", timeout_seconds=3600, retry_delays=())
def rehearse_migration(work: Work, copy: RestoredCopy) -> Evidence:
    """Migrate the restored copy with the new image; where going back needs a downgrade, walk that way too.

    Needs: a verified backup. Leaves: nothing. Again: on a fresh copy. Undo: nothing to undo.
    """
    done = []
    for spec, change in _moves(work):
        scratch = copy.of(spec.database)
        rehearsed = migrator(work.env, spec, work.pins, key=work.key(f"rehearse-{spec.database}"),
                             overrides=scratch.environment, networks=(scratch.network,))
        rehearsed.upgrade(change.head)
        if planned(work).way_back == "image + downgrade" and change.current:
            rehearsed.downgrade(change.current)
            rehearsed.upgrade(change.head)
        done.append(f"{spec.database}: {change.current} → {change.head}")
    return {"rehearsed": done}


@step("migrate-schema", timeout_seconds=3600, retry_delays=())
def migrate_schema(work: Work) -> Evidence:
    """Upgrade the real databases with the new image.

    Needs: the rehearsal. Leaves: the head revision, verified. Again: what is at head stays. Undo: `downgrade_schema`.
    """
    done = []
    for spec, change in _moves(work):
        real = migrator(work.env, spec, work.pins, key=work.key(f"migrate-{spec.database}"))
        if real.current() != change.head:
            real.upgrade(change.head)
        done.append(f"{spec.database}: {change.current} → {change.head}")
        get_run_logger().info("migrated %s", done[-1])
    return {"migrated": done}


@step("downgrade-schema", timeout_seconds=3600, retry_delays=())
def downgrade_schema(work: Work, by: Deployment | None = None) -> Evidence:
    """Take the schema back to what the old version needs, by the newer image. Where the old one needs nothing, do nothing.

    Needs: a class that can be downgraded. Leaves: the earlier revision. Again: what is there stays. Undo: migrate.
    """
    if planned(work).way_back != "image + downgrade":
        return {"downgraded": [], "why": f"the way back is {planned(work).way_back}"}
    pins: Mapping[str, str] = by.release.images if by else work.pins
    done = []
    for spec, change in _moves(work):
        real = migrator(work.env, spec, pins, key=work.key(f"downgrade-{spec.database}"))
        if change.current and real.current() != change.current:
            real.downgrade(change.current)
            done.append(f"{spec.database}: {change.head} → {change.current}")
    return {"downgraded": done}


def _moves(work: Work) -> list[tuple[Migration, SchemaMove]]:
    """The declared schema histories whose database has somewhere to go."""
    moves = {move.database: move for move in planned(work).schema if move.current != move.head}
    return [(spec, moves[spec.database]) for spec in work.env.stack.migrations if spec.database in moves]

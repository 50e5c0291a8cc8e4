"""What every migration tool does. A suite gives `moved`: two versions on an empty database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tidegate.errors import MigrationError
from tidegate.facts import SchemaChange, SchemaState
from tidegate.schema.ports import Migrator, SchemaHistory


@dataclass(frozen=True)
class Version:
    """An image, before it is accepted and afterwards."""

    history: SchemaHistory
    migrator: Migrator


@dataclass(frozen=True)
class Moved:
    """A database, and two versions of the application on it."""

    older: Version
    """Lacks the last step."""
    newer: Version
    """Has it: a step which the older version would trip over and which can be taken back."""
    state: Callable[[], SchemaState]
    """Where the database is, as the plan asks it."""
    seen: Callable[[], object]
    """What is in the database."""

    def plan(self, version: Version) -> SchemaChange:
        return version.history.inspect(self.state())


class MigratorContract:
    def test_a_plan_shows_the_whole_way_up_an_empty_database_and_changes_nothing(
        self, moved: Moved
    ) -> None:
        before = moved.seen()
        older, newer = moved.plan(moved.older), moved.plan(moved.newer)
        assert older.current is newer.current is None
        assert len(newer.revisions) > len(older.revisions) > 0
        assert moved.newer.migrator.current() is None
        assert moved.seen() == before

    def test_up_reaches_the_head_that_was_planned_and_again_changes_nothing(
        self, moved: Moved
    ) -> None:
        head = moved.plan(moved.newer).head
        moved.newer.migrator.upgrade(head)
        seen = moved.seen()
        moved.newer.migrator.upgrade(head)
        change = moved.plan(moved.newer)
        assert (change.current, change.head, change.revisions, change.kind) == (
            head,
            head,
            (),
            "none",
        )
        assert moved.newer.migrator.current() == head
        assert moved.seen() == seen

    def test_of_an_older_database_the_rest_is_pending_with_its_class(self, moved: Moved) -> None:
        moved.older.migrator.upgrade(moved.plan(moved.older).head)
        change = moved.plan(moved.newer)
        assert (len(change.revisions), change.kind) == (1, "needs downgrade")

    def test_down_returns_to_where_it_began_and_again_changes_nothing(self, moved: Moved) -> None:
        moved.older.migrator.upgrade(moved.plan(moved.older).head)
        before, change = moved.seen(), moved.plan(moved.newer)
        moved.newer.migrator.upgrade(change.head)
        assert moved.seen() != before
        moved.newer.migrator.downgrade(str(change.current))
        moved.newer.migrator.downgrade(str(change.current))
        assert (moved.seen(), moved.newer.migrator.current()) == (before, change.current)

    def test_a_database_of_a_newer_version_is_refused(self, moved: Moved) -> None:
        moved.newer.migrator.upgrade(moved.plan(moved.newer).head)
        with pytest.raises(MigrationError, match="know"):
            moved.plan(moved.older)

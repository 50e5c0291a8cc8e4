"""What every keeper of backups must do. A suite gives `kept`: a database with two bills, and what
saves and restores it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tidegate.backups.saved import PlacedDatabase, RestoredCopy, ToSave
from tidegate.errors import BackupError
from tidegate.facts import Backup
from tidegate.ports import Backups, DatabaseCopies, DatabaseServer

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class KeptDatabase:
    """One database, and the three ports about it."""

    backups: Backups
    restored: DatabaseCopies
    server: DatabaseServer
    at: PlacedDatabase
    image: str
    pay: Callable[[], None]
    """Write one bill more."""
    counted: str = "bills"
    """What the number of the bills is called."""
    key: str = field(default_factory=lambda: f"test/{uuid4().hex}/backup")
    """Suites may run side by side."""

    def save(
        self,
        rehearse: Callable[[str, RestoredCopy], object] = lambda name, copy: None,
        since: datetime = LONG_AGO,
    ) -> Backup:
        wanted = ToSave([self.at], {}, self.image, {})
        return self.backups.make("b1", self.key, wanted, rehearse, since=since)

    @property
    def bills(self) -> int:
        return self.server.row_counts()[self.counted]


class BackupsContract:
    def test_a_backup_has_been_restored_before_it_counts(self, kept: KeptDatabase) -> None:
        seen = list[str]()
        made = kept.save(lambda name, copy: seen.append(name))
        assert seen == [kept.at.spec.name]
        assert made.tables[f"{kept.at.spec.name}.{kept.counted}"] == 2
        assert made.verified_at is not None

    def test_made_again_it_is_the_same_one(self, kept: KeptDatabase) -> None:
        made = kept.save()
        kept.pay()
        assert kept.save() == made

    def test_an_older_one_of_that_name_is_refused_and_left(self, kept: KeptDatabase) -> None:
        made = kept.save()
        with pytest.raises(BackupError, match="making the backup b1"):
            kept.save(since=made.made_at + timedelta(seconds=1))
        assert kept.backups.names() == ["b1"]
        kept.backups.compare(made)

    def test_what_fails_in_the_rehearsal_leaves_none(self, kept: KeptDatabase) -> None:
        def fail(name: str, copy: RestoredCopy) -> None:
            raise BackupError("rehearsing", "it failed", "Look why")

        with pytest.raises(BackupError, match="rehearsing"):
            kept.save(fail)
        kept.pay()
        assert kept.save().tables[f"{kept.at.spec.name}.{kept.counted}"] == 3

    def test_one_that_is_not_there_is_not_recognized(self, kept: KeptDatabase) -> None:
        made = kept.save()
        assert kept.backups.recognize(made).id == made.id
        kept.backups.compare(made)
        with pytest.raises(BackupError):
            kept.backups.recognize(replace(made, id="b2"))

    def test_a_removed_one_is_gone_and_removed_once(self, kept: KeptDatabase) -> None:
        made = kept.save()
        assert [kept.backups.remove([made.id]) for _ in range(2)] == [[made.id], []]
        with pytest.raises(BackupError):
            kept.backups.compare(made)

    def test_a_copy_beside_touches_nothing_and_takes_the_place_once(
        self, kept: KeptDatabase
    ) -> None:
        made = kept.save()
        kept.pay()
        assert kept.restored.stand_beside(made, kept.at)[kept.counted] == 2
        assert kept.bills == 3
        for _ in range(2):
            assert kept.restored.put_in_place(made, kept.at)[kept.counted] == 2
        kept.restored.remove_replaced(kept.at)
        assert kept.bills == 2

    def test_a_copy_that_is_not_used_is_removed(self, kept: KeptDatabase) -> None:
        kept.restored.stand_beside(kept.save(), kept.at)
        kept.pay()
        for _ in range(2):
            kept.restored.remove_beside(kept.at)
        assert kept.bills == 3

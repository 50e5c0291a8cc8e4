"""What saves and restores volumes and places of the host must do. A suite gives `place`: one that
holds `first` alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.contracts.backups_contract import LONG_AGO
from tidegate.backups.saved import ToSave
from tidegate.errors import BackupError
from tidegate.facts import Backup
from tidegate.ports import Backups, VolumeCopies

KEY = "test/place"


@dataclass
class KeptPlace:
    """A volume or a path, and the two ports about it."""

    backups: Backups
    copies: VolumeCopies
    name: str
    """As the engine knows it."""
    image: str
    write: Callable[[str], None]
    read: Callable[[], str]

    def save(self) -> Backup:
        return self.backups.make(
            "b1",
            KEY,
            ToSave([], {"files:media": self.name}, self.image, {}),
            lambda name, copy: None,
            since=LONG_AGO,
        )

    def put_beside(self, backup: Backup) -> None:
        self.copies.put_beside(backup, "files:media", self.name, self.image, KEY)


class PlacesContract:
    def test_what_stands_beside_changes_nothing_until_it_takes_the_place(
        self, place: KeptPlace
    ) -> None:
        made = place.save()
        place.write("second")
        place.put_beside(made)
        assert (place.read(), place.copies.stands_beside(place.name)) == ("second", True)
        for _ in range(2):  # again, as after a kill
            place.copies.replace(place.name, place.image, KEY)
        assert place.read() == "first"

    def test_what_is_not_used_is_removed(self, place: KeptPlace) -> None:
        place.put_beside(place.save())
        for _ in range(2):
            place.copies.remove_beside(place.name)
        assert (place.read(), place.copies.stands_beside(place.name)) == ("first", False)

    def test_what_a_backup_does_not_hold_is_refused(self, place: KeptPlace) -> None:
        made = place.save()
        place.backups.remove([made.id])
        with pytest.raises(BackupError):
            place.put_beside(made)
        assert not place.copies.stands_beside(place.name)

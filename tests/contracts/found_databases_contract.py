"""What every server must do whose databases are found by a pattern. A suite gives `tenants`: a
server with the databases below, each with a table `bills`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest

from tests.contracts.backups_contract import LONG_AGO
from tidegate.backups.saved import PlacedDatabase, Rehearse, ToSave
from tidegate.errors import DatabaseError
from tidegate.facts import Backup
from tidegate.ports import Backups, DatabaseCopies, Databases
from tidegate.stack.data import FOUND_KEY, Database

TENANTS = {"ten_a": 1, "Ten b's 100%": 2, 'ten_"客户"=`c`': 3}
"""Name of the database -> its bills."""


@dataclass
class Tenants:
    """A server, and the three ports about it. Nothing else is on it but one database of its own."""

    databases: Databases
    backups: Backups
    restored: DatabaseCopies
    at: PlacedDatabase
    """With the declaration that has the pattern."""
    image: str
    make: Callable[[str, int], None]
    """A database of this name, with so many bills."""
    drop: Callable[[str], None]
    pay: Callable[[str], None]
    """Write one bill more."""
    own: str
    """The name of the database that was there before."""
    key: str = field(default_factory=lambda: f"test/{uuid4().hex}/backup")

    @property
    def spec(self) -> Database:
        assert isinstance(self.at.spec, Database)
        return self.at.spec

    def named(self, name: str) -> PlacedDatabase:
        return replace(
            self.at,
            spec=self.spec.found(name),
            environment={**self.at.environment, FOUND_KEY: name},
        )

    def names(self) -> list[str]:
        return [name for name in self.databases.names(self.at) if name != self.own]

    def bills(self, name: str) -> int:
        return self.databases.as_owner(self.named(name)).row_counts()["bills"]

    def save(self, rehearse: Rehearse = lambda name, copy: None) -> Backup:
        databases = [self.named(name) for name in self.names()]
        wanted = ToSave(databases, {}, self.image, {})
        return self.backups.make("b1", self.key, wanted, rehearse, since=LONG_AGO)


class FoundDatabasesContract:
    """Few tests, because a backup proves each database on a server of its own."""

    def test_each_is_counted_by_its_own_name_and_its_copy_knows_the_real_one(
        self, tenants: Tenants
    ) -> None:
        seen = dict[str, str]()
        made = tenants.save(lambda name, copy: seen.update({name: copy.environment[FOUND_KEY]}))
        kept = {tenants.named(name).spec.name: name for name in TENANTS}
        assert seen == kept
        counted = {name: made.tables[f"{shown}.bills"] for shown, name in kept.items()}
        assert counted == TENANTS
        assert sorted(tenants.restored.found_then(made, tenants.spec)) == sorted(TENANTS)
        other = tenants.spec.model_copy(update={"name": "ten"})
        assert tenants.restored.found_then(made, other) == []

    def test_each_comes_back_where_it_is_and_where_it_was_dropped(self, tenants: Tenants) -> None:
        made, (plain, spaced, quoted) = tenants.save(), TENANTS
        for name in (spaced, quoted):
            tenants.pay(name)
            self.come_back(tenants, made, name, TENANTS[name] + 1)
        tenants.make("ten_later", 7)
        for name in (plain, quoted):
            tenants.drop(name)
            self.come_back(tenants, made, name, None)
        assert {name: tenants.bills(name) for name in tenants.names()} == TENANTS | {"ten_later": 7}
        self.stay_away(tenants, made)

    def come_back(self, tenants: Tenants, made: Backup, name: str, bills: int | None) -> None:
        """Before, it has so many `bills`; None where it was dropped. Copies beside are never
        found."""
        at, there = tenants.named(name), sorted(tenants.names())
        assert (name in there) is (bills is not None)
        assert tenants.restored.stand_beside(made, at)["bills"] == TENANTS[name]
        assert tenants.restored.is_untouched(at)
        assert sorted(tenants.names()) == there
        if bills is not None:
            assert tenants.bills(name) == bills
        for _ in range(2):
            assert tenants.restored.put_in_place(made, at)["bills"] == TENANTS[name]
        assert sorted(tenants.names()) == sorted({*there, name})
        tenants.restored.remove_replaced(at)

    def stay_away(self, tenants: Tenants, made: Backup) -> None:
        """One that was dropped, and whose copy is not used."""
        tenants.drop("ten_a")
        tenants.restored.stand_beside(made, tenants.named("ten_a"))
        tenants.restored.remove_beside(tenants.named("ten_a"))
        assert "ten_a" not in tenants.names()
        with pytest.raises(DatabaseError, match="no such database"):
            tenants.bills("ten_a")

"""What every server must do whose databases are found by a pattern. A suite gives `tenants`: a
server with the databases below, each with a table `bills`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest

from tidegate.backups.saved import PlacedDatabase, ToSave
from tidegate.errors import DatabaseError
from tidegate.facts import Backup
from tidegate.ports import Backups, DatabaseCopies, Databases
from tidegate.stack.data import FOUND_KEY, Database
from tidegate.stack.database_patterns import matching

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

    def save(self, backup: str = "b1") -> Backup:
        databases = [self.named(name) for name in self.names()]
        return self.backups.make(
            backup, self.key, ToSave(databases, {}, self.image, {}), lambda name, copy: None
        )


class FoundDatabasesContract:
    def test_the_server_s_own_databases_and_copies_are_not_among_them(
        self, tenants: Tenants
    ) -> None:
        made = tenants.save()
        first = tenants.named("ten_a")
        tenants.restored.stand_beside(made, first)
        assert sorted(tenants.names()) == sorted(TENANTS)
        tenants.restored.put_in_place(made, first)
        assert sorted(tenants.names()) == sorted(TENANTS)
        tenants.restored.remove_replaced(first)
        assert matching("ten*", tenants.names()) == sorted(
            name for name in TENANTS if name[0] == "t"
        )

    def test_each_is_counted_by_its_own_name_in_one_backup(self, tenants: Tenants) -> None:
        made = tenants.save()
        kept = {tenants.named(name).spec.name: rows for name, rows in TENANTS.items()}
        assert {name: made.tables[f"{name}.bills"] for name in kept} == kept
        assert sorted(tenants.restored.found_then(made, tenants.spec)) == sorted(TENANTS)
        other = tenants.spec.model_copy(update={"name": "ten"})
        assert tenants.restored.found_then(made, other) == []

    def test_each_comes_back_and_one_made_later_is_left_alone(self, tenants: Tenants) -> None:
        made = tenants.save()
        for name in TENANTS:
            tenants.pay(name)
        tenants.make("ten_later", 7)
        for name in tenants.restored.found_then(made, tenants.spec):
            at = tenants.named(name)
            assert tenants.restored.stand_beside(made, at)["bills"] == TENANTS[name]
            assert tenants.bills(name) == TENANTS[name] + 1
            assert tenants.restored.is_untouched(at)
            for _ in range(2):
                assert tenants.restored.put_in_place(made, at)["bills"] == TENANTS[name]
            tenants.restored.remove_replaced(at)
        assert {name: tenants.bills(name) for name in tenants.names()} == TENANTS | {"ten_later": 7}

    def test_one_that_was_dropped_since_comes_back(self, tenants: Tenants) -> None:
        made = tenants.save()
        for name, rows in TENANTS.items():
            tenants.drop(name)
            at = tenants.named(name)
            assert tenants.restored.stand_beside(made, at)["bills"] == rows
            assert tenants.restored.is_untouched(at)
            assert name not in tenants.names()
            for _ in range(2):
                assert tenants.restored.put_in_place(made, at)["bills"] == rows
            tenants.restored.remove_replaced(at)
        assert {name: tenants.bills(name) for name in tenants.names()} == TENANTS

    def test_one_that_was_dropped_and_whose_copy_is_not_used_stays_away(
        self, tenants: Tenants
    ) -> None:
        made = tenants.save()
        tenants.drop("ten_a")
        tenants.restored.stand_beside(made, tenants.named("ten_a"))
        tenants.restored.remove_beside(tenants.named("ten_a"))
        assert "ten_a" not in tenants.names()
        with pytest.raises(DatabaseError, match="no such database"):
            tenants.bills("ten_a")

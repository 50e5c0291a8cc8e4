"""What is asked of the databases before a release: connections for the new containers, and room for
the backup."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan import database_checks
from tasks.plan.database_checks import check_databases
from tidegate.errors import CapacityError
from tidegate.facts import CheckResult

GIB = 1 << 30


def spec(name: str, service: str | None = "db") -> Any:
    return SimpleNamespace(name=name, service=service)


class Databases:
    """`found` are those of each declaration, all of them of the same size."""

    def __init__(
        self, patch: pytest.MonkeyPatch, *specs: Any, found: dict[str, list[str]], free: int = 100
    ) -> None:
        self.asked, self.room, self.size = list[str](), list[int](), 3 * GIB // 2
        self.free, named = free, {one.name: one for one in specs}
        services = [
            SimpleNamespace(name=name, connection_pool=pool)
            for name, pool in (("web", 5), ("worker", 7), ("beat", None), ("cron", 11))
        ]
        self.env: Any = SimpleNamespace(
            stack=SimpleNamespace(
                databases=specs, services=services, state=SimpleNamespace(databases=[*named])
            ),
            databases=SimpleNamespace(as_application=self._asked, as_owner=lambda one: self),
            backups=SimpleNamespace(check_room=self.room.append),
        )
        self.beside = ["web", "worker"]
        for name, stands_for in {
            "refuse_stopped": lambda env, model: None,
            "base_containers": lambda env: {"db": "shop-db-1"},
            "check_patterns": lambda env: [],
            "databases_of": lambda env, one: found[one.name],
            "beside_old": lambda env: self.beside,
            "spec_of": lambda env, name: named[name],
        }.items():
            patch.setattr(database_checks, name, stands_for)

    def _asked(self, one: str) -> Any:
        self.asked.append(one)
        return SimpleNamespace(free_connections=lambda: self.free)

    def data_size(self) -> int:
        return self.size

    def check(self) -> dict[str, str]:
        found: list[CheckResult] = [*check_databases(self.env, {})]
        return {one.name: one.detail for one in found}


def test_one_that_was_never_started_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    databases = Databases(monkeypatch, spec("main", "db2"), found={})
    assert databases.check() == {
        "database main": "starts for the first time",
        "room for a backup": "of 0.0 GiB of data",
    }
    assert (databases.asked, databases.room) == ([], [0])


@pytest.mark.parametrize("service", ["db", None])
def test_one_that_runs_here_or_elsewhere_is_asked(
    monkeypatch: pytest.MonkeyPatch, service: str | None
) -> None:
    databases = Databases(monkeypatch, spec("main", service), found={"main": ["main"]})
    assert databases.check() == {
        "connections of main": "100 free, 12 needed by the new containers",
        "room for a backup": "of 1.5 GiB of data",
    }


def test_of_a_pattern_one_is_asked_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connections are those of the server."""
    found = {"tenants": ["ten_a", "ten_b", "ten_c"], "none": []}
    databases = Databases(monkeypatch, spec("tenants"), spec("none"), found=found)
    assert databases.check() == {
        "connections of tenants": "100 free, 12 needed by the new containers",
        "databases of none": "none is there yet",
        "room for a backup": "of 4.5 GiB of data",
    }
    assert databases.asked == ["ten_a"]


@pytest.mark.parametrize(("free", "is_enough"), [(12, True), (11, False)])
def test_as_many_connections_as_are_needed_are_enough(
    monkeypatch: pytest.MonkeyPatch, free: int, is_enough: bool
) -> None:
    databases = Databases(monkeypatch, spec("main"), found={"main": ["main"]}, free=free)
    if is_enough:
        assert "12 free, 12 needed" in databases.check()["connections of main"]
        return
    with pytest.raises(CapacityError, match="'main': 11 free, 12 needed by the new containers"):
        databases.check()


def test_who_does_not_say_how_many_it_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    databases = Databases(monkeypatch, spec("main"), found={"main": ["main"]})
    databases.beside = ["web", "beat"]
    assert databases.check()["connections of main"] == (
        "100 free, 5 needed by the new containers; beat without `connection_pool`, so nobody knows "
        "whether that is enough"
    )

"""Which databases a pattern finds, which of them are others', and where it ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.data.found import (
    MOST_FOUND,
    database_named,
    databases_of,
    found_among,
    found_now,
    patterned,
    server_of,
)
from tasks.data.histories import misfits
from tests.unit.migration_fakes import DATABASE
from tidegate.errors import DatabaseError
from tidegate.facts import Fit
from tidegate.stack.data import FOUND_KEY, AnyDatabase, Database, RedisServer


def declared(name: str, **changes: Any) -> Database:
    return Database.model_validate({**DATABASE.model_dump(), "name": name, **changes})


MAIN = declared("main")
TENANTS = declared("tenants", database_key=None, pattern="ten_*")
CACHE = RedisServer(name="cache", engine="redis", service="redis")


def environment(
    *names: str, databases: tuple[AnyDatabase, ...] = (MAIN, TENANTS, CACHE), runs: bool = True
) -> Any:
    """`names` are on the server, where `main` is called ten_main."""
    running = [SimpleNamespace(service="db", name="shop-prod-db-1")] if runs else []
    return SimpleNamespace(
        refuse_faults=lambda: None,
        stack=SimpleNamespace(
            databases=databases, services=[], state=SimpleNamespace(databases=[])
        ),
        values={},
        logins=lambda spec: {"H": "DB.internal", "D": "ten_main", "PORT": "5433"},
        base_project="shop-prod",
        host=SimpleNamespace(containers=lambda labels: running),
        measures=SimpleNamespace(network_names=lambda: []),
        model=lambda: {"services": {}, "networks": {}},
        databases=SimpleNamespace(names=lambda at: names),
    )


def found(env: Any, spec: Database = TENANTS) -> list[str]:
    return [one.spec.name for one in databases_of(env, spec)]


def test_a_pattern_finds_what_is_like_it_and_nothing_that_is_declared_by_its_name() -> None:
    env = environment("ten_b", "ten_a", "other", "ten_main")
    assert found(env) == ["tenants:ten_a", "tenants:ten_b"]
    assert [one.environment[FOUND_KEY] for one in databases_of(env, TENANTS)] == ["ten_a", "ten_b"]
    assert found(env, MAIN) == ["main"]


def test_what_is_declared_on_another_server_hides_nothing_here() -> None:
    elsewhere = declared("main", service="db2")
    env = environment("ten_main", databases=(elsewhere, TENANTS))
    assert found(env) == ["tenants:ten_main"]


def test_a_thousand_are_found_and_one_more_is_too_many() -> None:
    assert MOST_FOUND == 1_000
    names = [f"ten_{number}" for number in range(1_000)]
    assert len(found(environment(*names))) == 1_000
    with pytest.raises(DatabaseError, match="1001 are like ten_"):
        found(environment(*names, "ten_more"))


def test_a_name_that_no_file_can_have_is_refused() -> None:
    """The name in the error is cut: eighty signs of it say which one it is."""
    longest = f"ten_{'a' * 196}"
    assert found(environment(longest)) == [f"tenants:{longest}"]
    with pytest.raises(DatabaseError, match=r"the name ten_a{60,}\S+ is too long") as raised:
        found(environment(f"{longest}a", "ten_b"))
    assert len(raised.value.came_back.split()[2]) == 80


def test_only_a_pattern_finds_something() -> None:
    assert [one.name for one in patterned(environment())] == ["tenants"]


@pytest.mark.parametrize(("runs", "names"), [(True, ("ten_a",)), (False, ())])
def test_a_server_that_was_never_started_has_nothing_to_be_found(
    runs: bool, names: tuple[str, ...]
) -> None:
    [told] = found_now(environment("ten_a", runs=runs))
    assert (told.entry, told.names, told.is_saved) == ("tenants", names, True)


def test_a_server_elsewhere_is_asked_in_any_case() -> None:
    away = declared(
        "tenants", database_key=None, pattern="ten_*", service=None, client_image="postgres:16"
    )
    [told] = found_now(environment("ten_a", databases=(away,), runs=False))
    assert told.names == ("ten_a",)


def test_of_what_was_saved_each_pattern_is_told_what_it_found() -> None:
    env = environment("ten_a")
    saved = [*databases_of(env, MAIN), *databases_of(env, TENANTS)]
    [told] = found_among(env, saved)
    assert told.names == ("ten_a",)
    elsewhere = declared(
        "tenants",
        database_key=None,
        pattern="ten_*",
        service=None,
        client_image="postgres:16",
        saved_elsewhere="by the team itself",
    )
    assert found_among(environment("ten_a", databases=(elsewhere,)), saved) == ()


def test_a_backup_s_name_leads_to_its_database() -> None:
    env = environment()
    assert database_named(env, "main").spec.name == "main"
    at = database_named(env, "tenants:ten_a%20b")
    assert (at.spec.name, at.environment[FOUND_KEY]) == ("tenants:ten_a%20b", "ten_a b")


@pytest.mark.parametrize(
    ("changes", "server"),
    [
        ({"service": "db"}, ("db",)),
        ({"service": None, "client_image": "postgres:16"}, ("db.internal", 5432)),
        (
            {"service": None, "client_image": "postgres:16", "port_key": "PORT"},
            ("db.internal", "5433"),
        ),
        (
            {"service": None, "client_image": "postgres:16", "port_key": "NONE"},
            ("db.internal", 5432),
        ),
    ],
)
def test_a_server_is_known_by_its_service_or_else_by_its_address(
    changes: dict[str, Any], server: tuple[object, ...]
) -> None:
    assert [str(one) for one in server_of(environment(), declared("main", **changes))] == [
        str(one) for one in server
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [(0, []), (1, ["short: not so in 1 row"]), (2, ["short: not so in 2 rows"])],
)
def test_rows_that_an_older_schema_would_not_take_are_counted(
    rows: int, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = SimpleNamespace(count=lambda query: rows)
    monkeypatch.setattr("tasks.data.histories.owned", lambda env, spec: counting)
    assert misfits(environment(), "main", [Fit("short", "SELECT 1")]) == said
    assert misfits(environment(), "main", []) == []

"""What a backup holds besides databases, through whose image volumes are reached, and which copies
are migrated to see that it goes well."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.data import backups
from tasks.data.backups import (
    _beyond_the_first,
    _rehearse,
    images_here,
    prune,
    rehearse_migration,
    volumes,
)
from tasks.frame.planned import Planned, SchemaMove
from tidegate.each import Fault, Parted
from tidegate.errors import BackupError


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


def work(**env: Any) -> Any:
    return SimpleNamespace(
        env=SimpleNamespace(base_project="shop-prod", **env), pins={"web": "sha256:web"}
    )


def test_images_of_databases_come_first_and_those_of_the_version_last() -> None:
    there = [
        SimpleNamespace(service=name, image_id=f"sha256:{name}") for name in ("b", "db", "a", "dc")
    ]
    found = work(
        stack=SimpleNamespace(databases=[SimpleNamespace(service=one) for one in ("dc", "db")]),
        host=SimpleNamespace(containers=lambda labels: there),
    )
    assert images_here(found) == [f"sha256:{name}" for name in ("db", "dc", "a", "b", "web")]


def test_declared_volumes_and_places_are_saved_and_places_of_no_use_are_not() -> None:
    written = [
        SimpleNamespace(part="media", path="/srv/media", reason=""),
        SimpleNamespace(part="cache", path="/srv/cache", reason="it is made anew"),
    ]
    model: Any = {"services": {}, "volumes": {"uploads": {}, "other": {}}}
    env: Any = SimpleNamespace(
        base_project="shop-prod",
        model=lambda: model,
        stack=SimpleNamespace(state=SimpleNamespace(volumes=["uploads"])),
        written=written,
    )
    assert volumes(env) == {"uploads": "shop-prod_uploads", "media": "/srv/media"}


def test_a_faulty_backup_counts_as_none_and_what_was_removed_is_written_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = Fault("b1", BackupError("reading", "it has no manifest", "Choose another"))
    monkeypatch.setattr(backups, "kept_backups", lambda env: Parted({}, (fault,)))
    asked, pruned = dict[str, Any](), list[str]()

    def prunable(stack: str, name: str, keep: int, *, faulty: list[str]) -> list[Any]:
        asked.update(keep=keep, faulty=faulty)
        return [SimpleNamespace(id="b2"), SimpleNamespace(id="b3")]

    env: Any = SimpleNamespace(
        name="prod",
        stack=SimpleNamespace(name="shop", state=SimpleNamespace(keep=3)),
        backups=SimpleNamespace(remove=lambda ids: ids[:1]),
        ledger=SimpleNamespace(backups=SimpleNamespace(prunable=prunable, pruned=pruned.append)),
    )
    assert prune(env) == ["b2"]
    assert (asked, pruned) == ({"keep": 3, "faulty": ["b1"]}, ["b2"])


class Copy:
    """A restored copy, at a state."""

    def __init__(self, state: str | None) -> None:
        self.state, self.done = state, list[str]()

    def current(self) -> str | None:
        return self.state

    def upgrade(self, head: str) -> None:
        self.done.append(f"up {head}")

    def downgrade(self, to: str) -> None:
        self.done.append(f"down {to}")


def rehearsed(
    monkeypatch: pytest.MonkeyPatch,
    copy: Copy,
    *moves: SchemaMove,
    database: str = "main",
    way_back: Any = "image + downgrade",
) -> str:
    by_history = [(SimpleNamespace(database="main"), [*moves])]
    for name, stands_for in {
        "moves_by_history": lambda work: by_history,
        "planned": lambda work: Planned("needs downgrade", way_back, moves),
        "database_named": lambda env, name: name,
        "migrator": lambda env, spec, at, pins, key, copy: copy,
    }.items():
        monkeypatch.setattr(backups, name, stands_for)
    made: Any = SimpleNamespace(env=None, pins={}, key=lambda step: step)
    said = rehearse_migration.fn.__wrapped__(made, database, copy)  # type: ignore[attr-defined]
    return str(said["rehearsed"])


def move(current: str | None, head: str, kind: Any = "needs downgrade") -> SchemaMove:
    return SchemaMove("main", current, head, kind)


def test_where_a_way_back_needs_it_that_way_is_walked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    copy = Copy("1")
    assert rehearsed(monkeypatch, copy, move("1", "2")) == "main: 1 → 2"
    assert copy.done == ["up 2", "down 1", "up 2"]


@pytest.mark.parametrize(
    ("one", "way_back"),
    [
        (move("1", "2"), "image only"),
        (move("1", "2", "additive"), "image + downgrade"),
        (move(None, "2"), "image + downgrade"),
    ],
)
def test_where_nothing_goes_down_the_way_up_is_enough(
    monkeypatch: pytest.MonkeyPatch, one: SchemaMove, way_back: Any
) -> None:
    copy = Copy("1")
    rehearsed(monkeypatch, copy, one, way_back=way_back)
    assert copy.done == ["up 2"]


@pytest.mark.parametrize(
    ("state", "said", "done"),
    [
        ("2", "main: 2 → 4", ["up 4", "down 2", "up 4"]),
        ("1", "main: 1 → 3", ["up 3", "down 1", "up 3"]),
        ("9", "main: 1 → 3", ["up 3", "down 1", "up 3"]),
    ],
)
def test_of_a_pattern_the_copy_says_from_where_it_goes(
    monkeypatch: pytest.MonkeyPatch, state: str, said: str, done: list[str]
) -> None:
    copy = Copy(state)
    assert rehearsed(monkeypatch, copy, move("1", "3"), move("2", "4")) == said
    assert copy.done == done


def test_another_database_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    copy = Copy("1")
    assert rehearsed(monkeypatch, copy, move("1", "2"), database="other") == ""
    assert copy.done == []


@pytest.mark.parametrize(
    ("moving", "database", "part", "is_rehearsed"),
    [
        (["main"], "main", "", True),
        (["main", "other"], "other", "other", True),
        (["main"], "other", "", False),
        ([], "main", "", True),
        (["tenants"], "tenants:ten_a", "tenants:ten_a", True),
    ],
)
def test_each_that_moves_is_rehearsed_and_without_one_the_step_is_taken_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
    moving: list[str],
    database: str,
    part: str,
    is_rehearsed: bool,
) -> None:
    asked = list[str]()
    monkeypatch.setattr(
        backups,
        "moves_by_history",
        lambda work: [(SimpleNamespace(database=one), []) for one in moving],
    )
    monkeypatch.setattr(
        backups, "rehearse_migration", lambda work, database, copy: asked.append(database)
    )
    made: Any = SimpleNamespace()
    copy: Any = None
    assert _beyond_the_first(made, database, copy) == part
    _rehearse(made, database, copy)
    assert bool(asked) is is_rehearsed

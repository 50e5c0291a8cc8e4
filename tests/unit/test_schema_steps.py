"""When the real schema is moved, up and down: what was planned, and nothing where nobody knows what
would be lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.data import schema
from tasks.data.schema import (
    _refuse_data,
    cannot_be_undone,
    downgrade_schema,
    migrate_schema,
    refuse_unseen_data,
    was_migrated,
)
from tasks.frame.planned import Planned, SchemaMove
from tidegate.errors import (
    DatabaseError,
    EngineError,
    MigrationError,
    TidegateError,
    WayBackError,
)
from tidegate.facts import Fit, RevisionTable, SchemaState

ERRORS: tuple[type[TidegateError], ...] = (MigrationError, EngineError)
FIT = Fit("bills.note is short", "SELECT 0")


class Real:
    """A database in use, at a state."""

    def __init__(self, moving: Moving, name: str, state: str | None) -> None:
        self.moving, self.name, self.state = moving, name, state

    def current(self) -> str | None:
        return self.state

    def upgrade(self, head: str) -> None:
        if self.name in self.moving.broken:
            raise MigrationError("upgrading", "no room", "Free some", retryable=True)
        self.moving.done.append(f"{self.name} up to {head}")

    def downgrade(self, to: str) -> None:
        self.moving.done.append(f"{self.name} down to {to}")


class Moving:
    """A deployment whose plan moves `main`, and whose journal has these steps."""

    def __init__(self, patch: pytest.MonkeyPatch, *moves: SchemaMove, way_back: Any) -> None:
        self.done, self.broken, self.misfits = list[str](), set[str](), list[str]()
        self.asked_about, self.rows = list[str](), dict[str, Any]()
        self.reals: dict[str, Real] = {"main": Real(self, "main", "2")}
        self.pattern: str | None = None
        spec = SimpleNamespace(database="main")
        self.work: Any = SimpleNamespace(
            env=SimpleNamespace(
                name="prod",
                stack=SimpleNamespace(migrations=[spec]),
                ledger=SimpleNamespace(journal=SimpleNamespace(get=self.rows.get)),
            ),
            deployment=SimpleNamespace(
                stack="shop",
                environment="prod",
                number=2,
                version="v2",
                switched_at=None,
                created_at=datetime(2026, 11, 28, 12, tzinfo=UTC),
            ),
            title="shop prod #2",
            pins={},
            key=lambda step: step,
        )
        plan = Planned("needs downgrade", way_back, moves)
        declared = SimpleNamespace(name="main", pattern=None, saved_elsewhere=None)
        for name, stands_for in {
            "planned": lambda work: plan,
            "migrated": lambda env, spec: SimpleNamespace(
                **{**vars(declared), "pattern": self.pattern}
            ),
            "placed": lambda env, spec: spec,
            "migrator": lambda env, spec, at, pins, key: self.reals["main"],
            "migrators": lambda env, spec, pins, key: self.reals,
            "misfits": self._misfits,
        }.items():
            patch.setattr(schema, name, stands_for)

    def _misfits(self, env: Any, database: str, fits: Any) -> list[str]:
        self.asked_about.append(database)
        return self.misfits

    def up(self) -> Any:
        return migrate_schema.fn.__wrapped__(self.work)  # type: ignore[attr-defined]

    def down(self, by: Any = None) -> Any:
        return downgrade_schema.fn.__wrapped__(self.work, by)  # type: ignore[attr-defined]


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with disable_run_logger():
        yield lambda *moves, way_back="image + downgrade": Moving(
            monkeypatch, *(moves or (move("1", "2"),)), way_back=way_back
        )


def move(current: str | None, head: str, kind: Any = "needs downgrade", *fits: Fit) -> SchemaMove:
    return SchemaMove("main", current, head, kind, fits)


def test_each_is_upgraded_to_what_was_planned(moving: Any) -> None:
    made = moving(move("1", "2"))
    assert made.up() == {"migrated": "main: 1 → 2"}
    assert made.done == ["main up to 2"]
    assert moving(move("2", "2")).up() == {"migrated": ""}


def test_of_several_databases_it_is_said_which_one_failed_and_how_many_are_done(
    moving: Any,
) -> None:
    made = moving(move("1", "2"))
    made.reals = {name: Real(made, name, "1") for name in ("a", "b", "c")}
    made.broken = {"b"}
    with pytest.raises(MigrationError) as raised:
        made.up()
    assert raised.value.doing == "upgrading of b"
    assert raised.value.came_back == "no room; of 3 databases 1 are migrated"
    assert raised.value.retryable
    assert made.done == ["a up to 2"]


def test_of_one_the_error_is_told_as_it_is(moving: Any) -> None:
    made = moving(move("1", "2"))
    made.broken = {"main"}
    with pytest.raises(MigrationError) as raised:
        made.up()
    assert (raised.value.doing, raised.value.came_back) == ("upgrading", "no room")


def tenants(moving: Any, *states: str | None, saved: tuple[str, ...] | None) -> Any:
    made = moving(move("1", "3"), move(None, "3"))
    made.pattern = "ten_*"
    made.reals = {f"ten_{place}": Real(made, f"ten_{place}", s) for place, s in enumerate(states)}
    if saved is not None:
        made.rows["back-up"] = SimpleNamespace(evidence={"databases": saved})
    return made


def test_of_a_pattern_each_goes_from_where_it_is(moving: Any) -> None:
    made = tenants(moving, "1", None, "3", saved=("ten_0", "ten_1", "ten_2"))
    assert made.up() == {"migrated": "ten_0: 1 → 3, ten_1: empty → 3, ten_2: 1 → 3"}


@pytest.mark.parametrize(
    ("states", "saved", "fault"),
    [
        (("1", "1"), ("ten_0",), "ten_1 was made since the backup"),
        (("1",), None, "ten_0 was made since the backup"),
        (("2",), ("ten_0",), "ten_0 is at 2, which was not planned"),
    ],
)
def test_none_is_migrated_where_one_is_not_as_it_was_planned(
    moving: Any, states: tuple[str, ...], saved: tuple[str, ...] | None, fault: str
) -> None:
    made = tenants(moving, *states, saved=saved)
    with pytest.raises(DatabaseError, match=fault):
        made.up()
    assert made.done == []


def migrated(made: Any) -> Any:
    made.rows["migrate-schema"] = SimpleNamespace(is_done=True)
    return made


def test_what_was_migrated_is_taken_back_to_where_it_was(moving: Any) -> None:
    made = migrated(moving())
    assert made.down() == {"downgraded": "main: 2 → 1"}
    assert made.done == ["main down to 1"]


@pytest.mark.parametrize(
    "error",
    [kind("going down", "lock timeout", "Wait", retryable=True) for kind in ERRORS],
)
def test_a_downgrade_that_has_begun_is_not_begun_again_by_itself(
    moving: Any, monkeypatch: pytest.MonkeyPatch, error: TidegateError
) -> None:
    """It may have been cut in two. A look at the database before it is taken again."""

    def fail(*_: object) -> None:
        raise error

    made = migrated(moving())
    monkeypatch.setattr(Real, "downgrade", fail)
    with pytest.raises(type(error)) as raised:
        made.down()
    assert (str(raised.value), raised.value.retryable) == (str(error), False)
    monkeypatch.setattr(Real, "current", fail)
    with pytest.raises(type(error)) as raised:
        made.down()
    assert raised.value.retryable
    assert downgrade_schema.retries == 3


def test_what_was_not_migrated_stays(moving: Any) -> None:
    made = moving()
    assert made.down() == {"downgraded": "", "why": "nothing was migrated"}
    made = migrated(moving(way_back="image only"))
    assert made.down() == {"downgraded": "", "why": "the way back is image only"}
    assert made.done == []


def test_what_is_there_already_or_was_empty_before_stays(moving: Any) -> None:
    made = migrated(moving())
    made.reals["main"].state = "1"
    assert made.down() == {"downgraded": ""}
    assert migrated(moving(move(None, "2"))).down() == {"downgraded": ""}
    assert migrated(moving(move("1", "2", "additive"))).down() == {"downgraded": ""}


def test_where_data_would_be_lost_a_person_decides_but_only_where_it_was_migrated(
    moving: Any,
) -> None:
    with pytest.raises(WayBackError, match="to the version before it"):
        migrated(moving(way_back="stop and ask")).down()
    said = moving(way_back="stop and ask").down()
    assert said == {"downgraded": "", "why": "the way back is stop and ask"}


@pytest.mark.parametrize(("state", "asks"), [("2", True), ("1b", False), ("1", False)])
def test_the_data_are_asked_where_the_new_version_ran_on_the_new_schema(
    moving: Any, state: str, asks: bool
) -> None:
    """Half way up nothing was written that is longer than it was."""
    made = migrated(moving(move("1", "2", "needs downgrade", FIT)))
    made.reals["main"].state = state
    made.down()
    assert made.asked_about == (["main"] if asks else [])


def test_data_that_do_not_fit_keep_the_schema_where_it_is(moving: Any) -> None:
    made = migrated(moving())
    made.misfits = ["bills.note: not so in 2 rows"]
    with pytest.raises(WayBackError, match=r"\(bills\.note: not so in 2 rows\)"):
        made.down()
    assert made.done == []


def test_a_deployment_without_moves_has_migrated_nothing(moving: Any) -> None:
    assert was_migrated(migrated(moving()).work)
    assert not was_migrated(moving().work)
    assert not was_migrated(migrated(moving(move("2", "2"))).work)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (SchemaState("shop", (), False), None),
        (SchemaState("shop", (), True), "tables without a revision"),
        (
            SchemaState("shop", (RevisionTable("shop", "alembic_version", ("0001",)),), False),
            "revision 0001",
        ),
        (SchemaState("shop", (RevisionTable("shop", "alembic_version", ()),), False), None),
    ],
)
def test_a_database_that_was_planned_as_empty_must_be_empty(
    moving: Any, monkeypatch: pytest.MonkeyPatch, state: SchemaState, said: str | None
) -> None:
    made, spec = moving(move(None, "2")), SimpleNamespace(database="main")
    monkeypatch.setattr(schema, "schema_states", lambda env, spec: {"main": state})
    refuse: Any = refuse_unseen_data.fn.__wrapped__  # type: ignore[attr-defined]
    if said is None:
        _refuse_data(made.work, spec, state)  # type: ignore[arg-type]
        assert refuse(made.work) == {}
        return
    with pytest.raises(DatabaseError, match=f"it was planned as empty and holds {said}"):
        refuse(made.work)
    made = moving(move("1", "2"))
    assert refuse(made.work) == {}
    made = moving(move(None, "2"))
    made.pattern = "ten_*"
    assert refuse(made.work) == {}


def test_a_person_reads_since_when_data_would_be_lost(moving: Any) -> None:
    left = moving().work.deployment
    assert "written since 2026-11-28 12:00 UTC" in cannot_be_undone(left, "v1").came_back
    left.switched_at = left.created_at.replace(hour=13)
    said = cannot_be_undone(left, "v1", "two rows").came_back
    assert said.endswith("written since 2026-11-28 13:00 UTC (two rows)")

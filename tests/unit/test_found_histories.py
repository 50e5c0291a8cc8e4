"""What is planned of a history that many databases have, found by a pattern."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.data.histories import planned_changes, schema_states
from tests.unit.migration_fakes import DATABASE
from tidegate.facts import MigrationClass, SchemaChange, SchemaState
from tidegate.stack.data import FOUND_KEY, Database
from tidegate.stack.migrations import CommandMigration

TENANTS = Database.model_validate(
    {**DATABASE.model_dump(), "name": "tenants", "database_key": None, "pattern": "ten_*"}
)
SPEC = CommandMigration(
    tool="command",
    service="backend",
    database="tenants",
    directory="/app",
    state="SELECT name FROM steps",
    has=("steps", "list"),
    up=("steps", "up"),
)


class History:
    """Of a database at `0001` it depends on its columns what a step to `0003` does."""

    def __init__(self) -> None:
        self.asked = list[SchemaState]()

    def inspect(self, state: SchemaState) -> SchemaChange:
        self.asked.append(state)
        kind: MigrationClass = "lossy" if state.filled else "additive"
        return SchemaChange("tenants", state.default_schema or None, "0003", (), "", "", kind)


def environment(states: dict[str, SchemaState], *, runs: bool = True) -> Any:
    """`states` by the name of the database."""
    running = [SimpleNamespace(service="db", name="shop-prod-db-1")] if runs else []
    return SimpleNamespace(
        refuse_faults=lambda: None,
        stack=SimpleNamespace(databases=[TENANTS], services=[SimpleNamespace(name="backend")]),
        values={},
        logins=lambda spec: {},
        base_project="shop-prod",
        host=SimpleNamespace(containers=lambda labels: running),
        databases=SimpleNamespace(
            names=lambda at: [*states, "other"],
            as_application=lambda at: at.environment[FOUND_KEY],
        ),
        migrations=SimpleNamespace(state=lambda spec, database, name: states[name]),
    )


def at(state: str, filled: frozenset[tuple[str, str]] = frozenset()) -> SchemaState:
    return SchemaState(state, (), False, filled)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_that_begin_alike_the_graver_change_counts(order: int) -> None:
    states = {"ten_a": at("0001"), "ten_b": at("0001", frozenset({("bills", "n")}))}
    env = environment(dict([*states.items()][::order]))
    [change] = planned_changes(env, SPEC, History())
    assert (change.current, change.kind) == ("0001", "lossy")


def test_an_image_is_asked_once_for_those_that_are_alike() -> None:
    history = History()
    states = {f"ten_{number}": at("0001") for number in range(9)} | {"ten_x": at("0002")}
    changes = planned_changes(environment(states), SPEC, history)
    assert [change.current for change in changes] == ["0001", "0002"]
    assert len(history.asked) == 2


def test_those_that_have_arrived_are_not_in_the_plan_unless_all_have() -> None:
    states = {"ten_a": at("0003"), "ten_b": at("0002")}
    changes = planned_changes(environment(states), SPEC, History())
    assert [change.current for change in changes] == ["0002"]
    del states["ten_b"]
    changes = planned_changes(environment(states), SPEC, History())
    assert [change.current for change in changes] == ["0003"]


def test_a_server_that_was_never_started_has_none() -> None:
    env = environment({"ten_a": at("0001")}, runs=False)
    assert schema_states(env, SPEC) == {}
    assert planned_changes(env, SPEC, History()) == []

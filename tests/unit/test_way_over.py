"""How far a rollback takes the schema down, over the releases that lie between."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tasks.back.ways_between import way_over
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import UNKNOWN, Planned, SchemaMove, planned_of
from tests.unit.ledger_parts import Clock, deploy, open_ledger
from tidegate.facts import Fit, MigrationClass
from tidegate.plan.changes import way_back_of


def plan(kind: MigrationClass, current: str, head: str) -> Planned:
    return Planned(
        kind, way_back_of(kind, is_asked=False), (SchemaMove("main", current, head, kind),)
    )


def test_where_no_plan_is_known_a_person_decides(tmp_path: Path) -> None:
    """Neither a plan step that never began nor one that was killed says that the image alone is
    enough."""
    with open_ledger(tmp_path, Clock()) as ledger:
        one = deploy(ledger)
        env = cast(
            OpenEnvironment,
            SimpleNamespace(name="prod", stack=SimpleNamespace(name="cloudlens"), ledger=ledger),
        )
        assert planned_of(env, one).way_back == "stop and ask"
        ledger.journal.begin(one.id, "plan", {})
        assert planned_of(env, one).way_back == "stop and ask"
    assert way_over([NOTHING, UNKNOWN]).way_back == "stop and ask"


NOTHING = plan("none", "2", "2")


def test_nothing_between_needs_the_image_only() -> None:
    assert way_over([]) == Planned("none", "image only", ())
    assert way_over([NOTHING]).way_back == "image only"


def test_an_additive_change_stays_where_it_is() -> None:
    assert way_over([plan("additive", "1", "2")]) == Planned("additive", "image only", ())


def test_the_schema_goes_down_to_below_the_oldest_change_that_must_go() -> None:
    way = way_over(
        [
            plan("none", "4", "4"),
            plan("needs downgrade", "3", "4"),
            plan("needs downgrade", "2", "3"),
            plan("additive", "1", "2"),
        ]
    )
    assert (way.way_back, way.schema) == (
        "image + downgrade",
        (SchemaMove("main", "2", "4", "needs downgrade"),),
    )


def test_an_additive_change_above_one_that_must_go_is_for_a_person() -> None:
    assert (
        way_over([plan("additive", "3", "4"), plan("needs downgrade", "2", "3")]).way_back
        == "stop and ask"
    )


NOTE = Fit("bills.note is short", "SELECT 0")
CODE = Fit("bills.code is short", "SELECT 0")


def asked(current: str, head: str, fit: Fit) -> Planned:
    return Planned("lossy", "ask the data", (SchemaMove("main", current, head, "lossy", (fit,)),))


def test_what_several_releases_narrow_is_asked_all_together() -> None:
    way = way_over(
        [asked("3", "4", CODE), plan("needs downgrade", "2", "3"), asked("1", "2", NOTE)]
    )
    assert (way.way_back, way.schema) == (
        "ask the data",
        (SchemaMove("main", "1", "4", "lossy", (CODE, NOTE)),),
    )


def test_a_database_whose_change_the_old_version_can_use_stays_as_it_is() -> None:
    both = Planned(
        "needs downgrade",
        "image + downgrade",
        (
            SchemaMove("main", "1", "2", "needs downgrade"),
            SchemaMove("other", "7", "8", "additive"),
        ),
    )
    assert way_over([plan("none", "2", "2"), both]).schema == (
        SchemaMove("main", "1", "2", "needs downgrade"),
    )
    lower = Planned(
        "needs downgrade", "image + downgrade", (SchemaMove("other", "6", "7", "needs downgrade"),)
    )
    assert way_over([both, lower]).way_back == "stop and ask"


def test_one_that_loses_in_any_case_leaves_nothing_to_ask() -> None:
    assert way_over([asked("3", "4", CODE), plan("lossy", "2", "3")]).way_back == "stop and ask"
    assert way_over([plan("additive", "3", "4"), asked("2", "3", NOTE)]).way_back == "stop and ask"


@pytest.mark.parametrize("kind", ["lossy", "unknown", "irreversible"])
def test_what_loses_data_is_for_a_person_wherever_it_lies(kind: MigrationClass) -> None:
    assert way_over([NOTHING, plan(kind, "1", "2"), NOTHING]).way_back == "stop and ask"
    assert (
        way_over([plan("needs downgrade", "2", "3"), plan(kind, "1", "2")]).way_back
        == "stop and ask"
    )

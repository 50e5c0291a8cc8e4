"""How far a rollback takes the schema down, over the releases that lie between."""

from __future__ import annotations

import pytest

from tasks.deployments import Planned, SchemaMove
from tasks.rollbacks import way_over
from tidegate.facts import MigrationClass
from tidegate.plan import way_back_of


def plan(kind: MigrationClass, current: str, head: str) -> Planned:
    return Planned(kind, way_back_of(kind), (SchemaMove("main", current, head),))


NOTHING = plan("none", "2", "2")


def test_nothing_between_needs_the_image_only() -> None:
    assert way_over([]) == Planned("none", "image only", ())
    assert way_over([NOTHING]).way_back == "image only"


def test_an_additive_change_stays_where_it_is() -> None:
    assert way_over([plan("additive", "1", "2")]) == Planned("additive", "image only", ())


def test_the_schema_goes_down_to_below_the_oldest_change_that_must_go() -> None:
    way = way_over([plan("none", "4", "4"), plan("needs downgrade", "3", "4"), plan("needs downgrade", "2", "3"),
                    plan("additive", "1", "2")])
    assert (way.way_back, way.schema) == ("image + downgrade", (SchemaMove("main", "2", "4"),))


def test_an_additive_change_above_one_that_must_go_is_for_a_person() -> None:
    assert way_over([plan("additive", "3", "4"), plan("needs downgrade", "2", "3")]).way_back == "stop and ask"


@pytest.mark.parametrize("kind", ["lossy", "irreversible"])
def test_what_loses_data_is_for_a_person_wherever_it_lies(kind: MigrationClass) -> None:
    assert way_over([NOTHING, plan(kind, "1", "2"), NOTHING]).way_back == "stop and ask"
    assert way_over([plan("needs downgrade", "2", "3"), plan(kind, "1", "2")]).way_back == "stop and ask"

"""What a way back has to take back: of each deployment between here and there, what it left in the
databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.back.rollbacks import left_behind
from tasks.back.ways_between import refuse_gone_schema, way_back_to
from tasks.frame.planned import Planned, SchemaMove
from tests.unit.ledger_parts import deploy
from tidegate.errors import InputError, MigrationError
from tidegate.facts import MigrationClass
from tidegate.ledger import Deployment, Ledger
from tidegate.plan.changes import gravest, way_back_of
from tidegate.policy.states import DeploymentState as S

MIGRATED: dict[str, Mapping[str, Any] | None] = {"migrate-schema": {}}


@pytest.fixture
def env(ledger: Ledger) -> Any:
    return SimpleNamespace(name="prod", stack=SimpleNamespace(name="cloudlens"), ledger=ledger)


def plan(kind: MigrationClass) -> Planned:
    move = SchemaMove("main", "1", "2", kind)
    return Planned(kind, way_back_of(kind, is_asked=False), (move,))


def note(
    ledger: Ledger,
    one: Deployment,
    kind: MigrationClass | None,
    steps: Mapping[str, Mapping[str, Any] | None],
) -> None:
    """Its plan, and steps with their evidence; one without was begun and not done."""
    found = {"plan": asdict(plan(kind)) if kind else None, **steps}
    for name, evidence in found.items():
        step = ledger.journal.begin(one.id, name, {})
        if evidence is not None:
            ledger.journal.done(step.key, evidence)


def between(
    env: Any,
    kind: MigrationClass | None,
    steps: Mapping[str, Mapping[str, Any] | None],
    state: S = S.GOOD,
) -> MigrationClass:
    """Of a rollback to the first version over one other."""
    first, second = deploy(env.ledger, "v1"), deploy(env.ledger, "v2")
    note(env.ledger, second, kind, steps)
    if state is not S.GOOD:
        env.ledger.deployments.move(second.id, state, reason="test", actor="mei")
    return way_back_to(env, first, before=3).kind


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ({}, "none"),
        (MIGRATED, "needs downgrade"),
        ({"migrate-schema": None}, "needs downgrade"),
        ({**MIGRATED, "downgrade-schema": {"downgraded": "main"}}, "none"),
        ({**MIGRATED, "downgrade-schema": None}, "needs downgrade"),
        ({**MIGRATED, "downgrade-schema": {"why": "the way back is none"}}, "needs downgrade"),
    ],
)
def test_what_was_migrated_is_taken_back_unless_it_was_before(
    env: Any, steps: dict[str, Any], kind: MigrationClass
) -> None:
    assert between(env, "needs downgrade", steps) == kind


@pytest.mark.parametrize(
    ("planned", "steps", "kind"),
    [
        ("additive", MIGRATED, "additive"),
        ("needs downgrade", MIGRATED, "none"),
        (None, MIGRATED, "lossy"),
        (None, {}, "none"),
    ],
)
def test_of_what_was_rolled_back_only_what_was_added_is_there_still(
    env: Any, planned: MigrationClass | None, steps: dict[str, Any], kind: MigrationClass
) -> None:
    """Where no plan is known of one that had begun to migrate, a person decides."""
    assert between(env, planned, steps, S.ROLLED_BACK) == kind


def plan_of(*moves: SchemaMove) -> Mapping[str, Any]:
    kind = gravest([move.kind for move in moves])
    return asdict(Planned(kind, way_back_of(kind, is_asked=False), moves))


TAKEN_BACK: Mapping[str, Any] = {"downgrade-schema": {"downgraded": "main: 3 → 1"}}


def test_a_rollback_over_several_takes_back_what_each_of_them_did(env: Any, ledger: Ledger) -> None:
    """Only the newest of them ends as rolled back."""
    first, *others = [deploy(ledger, f"v{number}") for number in (1, 2, 3)]
    for one in others:
        note(ledger, one, "needs downgrade", MIGRATED)
    back = deploy(ledger, "v1", origin=first)
    assert way_back_to(env, first, before=5).kind == "needs downgrade"
    note(ledger, back, "needs downgrade", TAKEN_BACK)
    assert way_back_to(env, first, before=5).kind == "none"
    note(ledger, deploy(ledger, "v5"), "needs downgrade", MIGRATED)
    assert way_back_to(env, first, before=6).kind == "needs downgrade"


def test_a_rollback_to_a_later_version_took_nothing_back_of_what_came_before_it(
    env: Any, ledger: Ledger
) -> None:
    first, second, third = [deploy(ledger, f"v{number}") for number in (1, 2, 3)]
    for one in (second, third):
        note(ledger, one, "needs downgrade", MIGRATED)
    note(ledger, deploy(ledger, "v2", origin=second), "needs downgrade", TAKEN_BACK)
    assert way_back_to(env, second, before=5).kind == "none"
    assert way_back_to(env, first, before=5).kind == "needs downgrade"


def test_a_database_that_stayed_when_another_was_taken_back_is_still_as_it_was_made(
    env: Any, ledger: Ledger
) -> None:
    """Going further down with it would lose what was written since."""
    first, second, third = [deploy(ledger, f"v{number}") for number in (1, 2, 3)]
    down, stays = (
        SchemaMove("main", "1", "2", "needs downgrade"),
        SchemaMove("other", "7", "8", "additive"),
    )
    below = SchemaMove("other", "6", "7", "needs downgrade")
    for one, plan in ((second, plan_of(below)), (third, plan_of(down, stays))):
        for name, evidence in {"plan": plan, "migrate-schema": {}}.items():
            ledger.journal.done(ledger.journal.begin(one.id, name, {}).key, evidence)
    note(ledger, deploy(ledger, "v2", origin=second), None, TAKEN_BACK)
    assert way_back_to(env, second, before=5).kind == "additive"
    assert way_back_to(env, first, before=5).way_back == "stop and ask"


def test_neither_the_target_nor_what_comes_later_is_taken_back(env: Any, ledger: Ledger) -> None:
    every = [deploy(ledger, f"v{number}") for number in (1, 2, 3)]
    kinds: tuple[MigrationClass, ...] = ("lossy", "additive", "needs downgrade")
    for one, kind in zip(every, kinds, strict=True):
        note(ledger, one, kind, MIGRATED)
    assert way_back_to(env, every[0], before=4).kind == "needs downgrade"
    assert way_back_to(env, every[0], before=3).kind == "additive"
    assert way_back_to(env, every[1], before=3).kind == "none"


def test_a_rollback_migrates_nothing_itself(env: Any, ledger: Ledger) -> None:
    first = deploy(ledger, "v1")
    back = deploy(ledger, "v1", origin=first)
    note(ledger, back, "needs downgrade", MIGRATED)
    assert way_back_to(env, first, before=3).kind == "none"


def test_what_a_rollback_leaves_is_what_served(env: Any, ledger: Ledger) -> None:
    old, new = deploy(ledger, "v1"), deploy(ledger, "v2")
    work: Any = SimpleNamespace(env=env, title="it", deployment=Deployment(rollback_target_id=None))
    with pytest.raises(MigrationError, match="nothing served before it"):
        left_behind(work)
    work.deployment = Deployment(rollback_target_id=new.id)
    assert left_behind(work).id == new.id != old.id


def test_a_version_whose_change_was_taken_back_is_released_again_and_not_gone_back_to(
    env: Any, ledger: Ledger
) -> None:
    first, second, third = [deploy(ledger, f"v{number}") for number in (1, 2, 3)]
    note(ledger, second, "needs downgrade", MIGRATED)
    for one in (first, second, third):
        refuse_gone_schema(env, one)
    note(ledger, deploy(ledger, "v1", origin=first), "needs downgrade", TAKEN_BACK)
    refuse_gone_schema(env, first)
    for one in (second, third):
        with pytest.raises(InputError, match="#4 has taken back the database change of #2 v2"):
            refuse_gone_schema(env, one)
    again = deploy(ledger, "v2")
    note(ledger, again, "needs downgrade", MIGRATED)
    refuse_gone_schema(env, again)


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("additive", {"downgrade-schema": {"why": "the way back is none"}}),
        ("needs downgrade", {"downgrade-schema": {"why": "the way back is none"}}),
        ("needs downgrade", {"downgrade-schema": None}),
        ("additive", TAKEN_BACK),
    ],
)
def test_what_is_there_still_can_be_gone_back_to(
    env: Any, ledger: Ledger, kind: MigrationClass, steps: Mapping[str, Any]
) -> None:
    """Of several databases that one rollback went over, what was only added to one stays."""
    first, second = deploy(ledger, "v1"), deploy(ledger, "v2")
    note(ledger, second, kind, MIGRATED)
    note(ledger, deploy(ledger, "v1", origin=first), kind, steps)
    refuse_gone_schema(env, second)


@pytest.mark.parametrize("kind", ["additive", "needs downgrade"])
def test_a_restore_takes_every_change_back_that_came_after_its_backup(
    env: Any, ledger: Ledger, kind: MigrationClass
) -> None:
    first, second, third = [deploy(ledger, f"v{number}") for number in (1, 2, 3)]
    note(ledger, second, kind, MIGRATED)
    deploy(ledger, "v1", origin=first, kind="restore", figures={"restores": {"before": 2}})
    refuse_gone_schema(env, first)
    for one in (second, third):
        with pytest.raises(InputError, match="#4 has taken back the database change of #2 v2"):
            refuse_gone_schema(env, one)

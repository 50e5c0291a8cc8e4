"""What begins or ends while a rollback looks for images, which may take long: what it saw when it was
opened is not the last word."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.flows import Flow

from flows.base import base
from flows.recover import recover
from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from tests.flows.asking import BASE, RESTORE, ROLLBACK, answering, asked
from tests.flows.beginnings import edit_database
from tests.flows.conftest import Library
from tests.flows.installation import Installation, Kept
from tests.flows.judging import faults, serving
from tests.flows.stories import Story, settle
from tests.flows.trying import overtaken
from tidegate.policy.states import DeploymentState as S

THREE = ("v1.0.0", "v1.1.0", "v1.1.1")


def cut_rollback_short(made: Installation) -> None:
    """A rollback was killed before it took the lock: recovery will go on with it."""
    kept: list[Kept] = []
    made.world.moments.after_change = lambda told: (
        kept.append(made.keep(told)) if told.endswith("find-images: ledger") else None
    )
    made.prefect.start(rollback, **ROLLBACK)
    made.begin_from(kept[0])
    edit_database(command=["--max-connections=300"])(made)


@pytest.mark.parametrize(
    ("flow", "given", "step"),
    [
        (restore, RESTORE, "restore-data"),
        (base, BASE, "recreate-base"),
    ],
)
def test_no_rollback_comes_between_a_change_of_data_and_its_end(
    library: Library, flow: Flow[Any, Any], given: dict[str, Any], step: str
) -> None:
    story = Story("a change of data", flow, given, before=THREE, prepare=cut_rollback_short)
    cases, found = overtaken(library, story, recover, {}, f"prod/shop/5/{step}: ")
    assert found == {}
    assert cases > 1
    history = library.made.ledger.deployments.history("shop", "prod")
    assert [one.state for one in history[:2]] == [S.GOOD, S.FAILED]
    assert (
        f"#5 is {'putting data back' if flow is restore else 'changing base'}" in history[1].reason
    )


@pytest.mark.parametrize(
    ("flow", "given", "serves"),
    [(release, asked("v1.2.0"), "v1.2.0"), (restore, RESTORE, "v1.1.0"), (base, BASE, "v1.1.1")],
)
def test_what_has_come_to_serve_since_is_not_rolled_back_unasked(
    library: Library, flow: Flow[Any, Any], given: dict[str, Any], serves: str
) -> None:
    """The way back was decided without it: its migration would stay."""
    made = library.begin(
        Story("a rollback", rollback, {}, before=THREE, prepare=edit_database(command=["--new"]))
    )
    began = serving(made)
    run = begun_meanwhile(made, flow, given, {**ROLLBACK, "to": "v1.0.0"})
    assert "#5" in str(run.state.message)
    assert "has come since this was asked for" in str(run.state.message)
    assert [*settle(made), *faults(made, began)] == []
    now = made.ledger.deployments.current("shop", "prod")
    assert (now.version if now else None) == serves
    assert made.ledger.deployments.by_number("shop", "prod", 4).state is S.REJECTED


def test_of_two_rollbacks_to_one_version_both_find_it_serving(library: Library) -> None:
    made = library.begin(Story("two rollbacks", rollback, {}, before=THREE))
    began = serving(made)
    run = begun_meanwhile(made, rollback, ROLLBACK, ROLLBACK)
    assert run.state.is_completed(), run.state.message
    assert [*settle(made), *faults(made, began)] == []


def begun_meanwhile(
    made: Installation, flow: Flow[Any, Any], given: dict[str, Any], asked_for: dict[str, Any]
) -> Any:
    """A rollback, and another run from its begin to its end while that looks for images."""
    made.prefect.answer = answering("approve")
    moments = made.world.moments

    def come(what: str) -> None:
        if "find-images" in what:
            moments.after_change = lambda what: None
            outer, moments.step = moments.step, ""
            made.prefect.start(flow, **given)
            moments.step = outer

    moments.after_change = come
    return made.prefect.start(rollback, **asked_for)

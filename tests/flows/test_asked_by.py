"""Who asked for a deployment stands in the ledger, also where nobody gave a name."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.flows import Flow

from flows.adopt import adopt
from flows.base import base
from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from tests.flows.asking import ADOPTION, BASE, RESTORE, ROLLBACK, answering, asked
from tests.flows.beginnings import edit_database, run_by_hand
from tests.flows.conftest import Library
from tests.flows.stories import TWO, Story


@pytest.mark.parametrize(("name", "stands"), [("Mei", "Mei"), ("", "unnamed")])
@pytest.mark.parametrize(
    ("flow", "given", "before"),
    [
        (release, asked("v1.0.1"), ("v1.0.0",)),
        (rollback, ROLLBACK, TWO),
        (restore, RESTORE, TWO),
        (adopt, ADOPTION, ()),
        (base, BASE, ("v1.0.0",)),
    ],
    ids=["release", "rollback", "restore", "adopt", "base"],
)
def test_who_asked_stands_in_the_ledger(
    library: Library,
    flow: Flow[Any, Any],
    given: dict[str, Any],
    before: tuple[str, ...],
    name: str,
    stands: str,
) -> None:
    change = edit_database(command=["--max-connections=300"])
    prepare = {adopt: run_by_hand, base: change}.get(flow, lambda made: None)
    made = library.begin(Story("who asked", flow, given, before=before, prepare=prepare))
    made.prefect.answer = answering("approve")
    state = made.prefect.start(flow, **{**given, "requested_by": name}).state
    assert state.is_completed(), state.message
    newest = made.ledger.deployments.history("shop", "prod")[0]
    assert newest.requested_by == stands

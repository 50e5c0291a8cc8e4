"""What nobody asked for in particular, such as a look at all stacks, ends with a sentence too."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import Flow, State

from flows.audit import audit
from flows.recover import recover
from flows.release import release
from flows.watch import watch
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.stories import Story
from tests.world.engine import MemoryMeasures


@pytest.mark.parametrize("flow", [audit, recover, watch])
def test_without_a_ledger_a_run_fails_with_a_sentence(
    library: Library, flow: Flow[Any, Any]
) -> None:
    made = library.begin(Story("no ledger", release, {}))
    made.close()
    for one in made.home.glob("ledger.db*"):
        one.unlink()
    (made.home / "ledger.db").write_bytes(b"this is no ledger")
    ended: Any = flow.fn()
    assert isinstance(ended, State)
    assert ended.is_failed()
    assert "ledger" in str(ended.message)


def test_what_was_not_foreseen_is_told_as_a_sentence_that_names_the_line(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library.begin(Story("a defect", release, {}))

    def missing(measures: MemoryMeasures) -> None:
        raise KeyError("a-secret-value")

    monkeypatch.setattr(MemoryMeasures, "facts", missing)
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert "Tidegate met a KeyError in " in str(state.message)
    assert "a-secret-value" not in str(state.message)
    assert made.ledger.deployments.history("shop", "prod")[0].number == 1

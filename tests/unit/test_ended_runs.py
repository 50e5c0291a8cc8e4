"""The run of a deployment that recovery has ended is ended too, as it went, and no other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from prefect.states import Completed, Crashed, Running, Suspended

from tasks.back import recovery
from tasks.back.recovery import end_run
from tidegate.policy.states import DeploymentState as S


def ended(monkeypatch: pytest.MonkeyPatch, state: S, run: Any, mine: str = "run-9") -> Any:
    """The state that its run gets; None where that stays as it is."""
    given = list[Any]()
    monkeypatch.setattr(recovery, "run_state", lambda run_id: run)
    monkeypatch.setattr(recovery, "set_run", lambda run_id, state: given.append((run_id, state)))
    monkeypatch.setattr(recovery, "flow_run", SimpleNamespace(get_id=lambda: mine))
    work: Any = SimpleNamespace(
        deployment=SimpleNamespace(state=state, run_id="run-1", reason="it died"),
        env=SimpleNamespace(stack=SimpleNamespace(language="en")),
    )
    end_run(work)
    if not given:
        return None
    [(run_id, told)] = given
    assert run_id == "run-1"
    return told


@pytest.mark.parametrize("run", [Running(), Suspended()])
@pytest.mark.parametrize(
    ("state", "is_well"),
    [(S.GOOD, True), (S.FAILED, False), (S.ROLLED_BACK, False), (S.NEEDS_PERSON, False)],
)
def test_it_ends_as_its_deployment_did(
    monkeypatch: pytest.MonkeyPatch, state: S, is_well: bool, run: Any
) -> None:
    told = ended(monkeypatch, state, run)
    assert told.is_completed() is is_well
    assert told.is_failed() is not is_well
    assert told.message == f"recover/all has ended it: {state.value}. it died"


@pytest.mark.parametrize("state", [S.PLANNED, S.WAITING, S.CHANGING, S.WATCHING, S.ROLLING_BACK])
def test_one_whose_deployment_goes_on_goes_on(monkeypatch: pytest.MonkeyPatch, state: S) -> None:
    assert ended(monkeypatch, state, Running()) is None


@pytest.mark.parametrize("run", [Completed(), Crashed(), None])
def test_one_that_has_ended_or_is_forgotten_stays_so(
    monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    assert ended(monkeypatch, S.GOOD, run) is None


def test_recovery_does_not_end_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, S.GOOD, Running(), mine="run-1") is None

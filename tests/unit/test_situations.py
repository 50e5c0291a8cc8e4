"""What an incident finds before anything is decided: what serves, what is on its way already, and
whether it is proved worse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.back import incidents
from tasks.back.incidents import _prove, _situation, open_automatic_rollback
from tests.unit.ledger_parts import deploy
from tidegate.errors import EdgeError, LockedError
from tidegate.facts import CheckResult
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.incidents import Signal, Situation, decide
from tidegate.policy.looks import Look
from tidegate.policy.states import DeploymentState as S
from tidegate.policy.thresholds import LiveFigures
from tidegate.secrecy.redaction import Redactor
from tidegate.settings import Settings
from tidegate.stack.showing import Watch

PASSED = CheckResult("home", "pass", "200", 0.01)
FAILED = CheckResult("home", "fail", "no price", 0.01)
AWAY = EdgeError("asking", "no answer", "Start it")
GOOD = LiveFigures(100, 0, 0.1)


@pytest.fixture
def env(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(incidents, "flow_run", SimpleNamespace(get_id=lambda: "mine"))
    monkeypatch.setattr(incidents, "replaced_now", lambda env: None)
    with disable_run_logger():
        yield SimpleNamespace(
            stack=SimpleNamespace(
                name="cloudlens", watch=Watch(least_requests=20), smoke_repeat_seconds=7
            ),
            name="prod",
            ledger=ledger,
            settings=Settings(home=tmp_path),
            redactor=Redactor({"PASSWORD": "hunter2-hunter2"}),
        )


def proved(
    env: Any,
    monkeypatch: pytest.MonkeyPatch,
    *answers: CheckResult | EdgeError,
    figures: LiveFigures = GOOD,
) -> tuple[Look, list[float]]:
    """What the look says, and the pauses it made."""
    left, slept = [*answers], list[float]()

    def ask(env: Any, serving: Deployment) -> list[CheckResult]:
        answer = left.pop(0)
        if isinstance(answer, EdgeError):
            raise answer
        return [answer]

    monkeypatch.setattr(incidents, "ask", ask)
    monkeypatch.setattr(incidents, "recent_figures", lambda *_: figures)
    monkeypatch.setattr(incidents, "time", SimpleNamespace(sleep=slept.append))
    found = _prove(env, Deployment(figures={}))
    assert left == []
    return found, slept


def test_checks_that_fail_are_asked_once_more_and_then_count(
    env: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, slept = proved(env, monkeypatch, FAILED, FAILED)
    assert (look.outcome, look.severity, slept) == ("worse", "red", [7])


def test_one_that_fails_once_is_no_proof(env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    look, slept = proved(env, monkeypatch, FAILED, PASSED)
    assert (look.outcome, slept) == ("ok", [7])


def test_figures_count_where_the_checks_pass_at_once(
    env: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, slept = proved(env, monkeypatch, PASSED, figures=LiveFigures(100, 50, 0.1))
    assert (look.outcome, look.severity, slept) == ("worse", "red", [])


def test_no_version_is_to_blame_for_an_edge_that_is_away(
    env: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, _ = proved(env, monkeypatch, AWAY)
    assert look == Look("unsure", "red", "no answer. Start it")


def test_where_nothing_serves_nothing_is_worse(env: Any) -> None:
    assert _prove(env, None) == Look("unsure", "green", "nothing serves there")


def situation(env: Any, outcome: str | None = None) -> Situation:
    serving = env.ledger.deployments.current("cloudlens", "prod")
    incident: Any = SimpleNamespace(outcome=outcome)
    return _situation(env, serving, incident)


def test_where_nothing_serves_there_is_no_way_back(env: Any) -> None:
    found = situation(env)
    assert (found.current, found.way_back, found.handled) == (None, "none", False)
    assert situation(env, "told").handled


def test_the_first_version_has_no_way_back_and_the_second_one_has(env: Any) -> None:
    deploy(env.ledger, "v1")
    assert situation(env).way_back == "none"
    deploy(env.ledger, "v2")
    assert situation(env).way_back == "image only"


def test_nothing_is_done_by_itself_below_a_release_that_was_left_half_way(env: Any) -> None:
    deploy(env.ledger, "v1")
    deploy(env.ledger, "v2")
    assert situation(env).waiting is None
    left = deploy(env.ledger, "v3", S.CHANGING)
    for state in (S.ROLLING_BACK, S.ROLLBACK_FAILED):
        env.ledger.deployments.move(left.id, state, reason="test", actor="mei")
    found = situation(env)
    assert (found.current and found.current.version) == "v2"
    assert (found.waiting and found.waiting.id) == left.id
    decided = decide(signal(), found, lambda: Look("worse", "red", "answers are 500"))
    assert (decided.action, decided.reason) == (
        "page",
        "answers are 500. Not rolled back by itself: #3 waits for a person",
    )


@pytest.mark.parametrize(
    ("run", "state", "is_told"),
    [("run-9", S.CHANGING, True), ("mine", S.CHANGING, False), ("run-9", S.FAILED, False)],
)
def test_a_way_back_that_somebody_else_is_on_is_seen(
    env: Any, run: str, state: S, is_told: bool
) -> None:
    first = deploy(env.ledger, "v1")
    deploy(env.ledger, "v2")
    back = deploy(env.ledger, origin=first, state=state, run=run)
    found = situation(env)
    assert (found.going_back and found.going_back.id) == (back.id if is_told else None)


def signal() -> Signal:
    return Signal(
        stack="cloudlens",
        environment="prod",
        key="alert/1",
        severity="red",
        started_at=datetime(2100, 1, 1, tzinfo=UTC),
        reason="answers are 500",
        source="alertmanager",
    )


def test_a_release_is_rolled_back_by_itself_once(env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the version before, for the reason that was seen, without its secrets."""
    first, second = deploy(env.ledger, "v1"), deploy(env.ledger, "v2")
    given = dict[str, Any]()

    def open_rollback(env: Any, **asked: Any) -> Any:
        given.update(asked)
        return SimpleNamespace(title="it", deployment=SimpleNamespace(run_id=given["run"]))

    monkeypatch.setattr(incidents, "open_rollback", open_rollback)
    given["run"] = "mine"
    open_automatic_rollback(env, signal(), "it says hunter2-hunter2")
    key = f"rollback/automatic/{second.release_id}/prod"
    assert (given["steps_back"], given["to"], given["key"]) == (1, None, key)
    assert given["requested_by"] == "alert alertmanager: alert/1"
    assert "hunter2" not in given["reason"]
    given["run"] = "another"
    with pytest.raises(LockedError, match="another incident has begun it in the run another"):
        open_automatic_rollback(env, signal(), "again")
    assert first.release_id != second.release_id

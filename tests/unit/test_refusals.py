"""Each end is told once: what failed after it had begun is not told again as what never began."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prefect.logging import disable_run_logger

from tasks.frame import refusals
from tasks.frame.environments import OpenStack
from tests.unit.ledger_parts import Clock, deploy, open_ledger
from tidegate.errors import EngineError
from tidegate.facts import Message
from tidegate.policy.states import DeploymentState as S


@pytest.mark.parametrize(
    ("kind", "state", "is_told"),
    [
        ("release", S.FAILED, []),
        ("rollback", S.FAILED, []),
        ("rollback", S.PLANNED, ["rollback"]),
        ("", S.FAILED, ["release"]),
    ],
)
def test_only_what_never_began_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, state: S, is_told: list[str]
) -> None:
    """`kind` of what the run had opened, and how far it had come."""
    told = list[str]()
    monkeypatch.setattr("tasks.frame.refusals.flow_run.get_id", lambda: "mine")
    monkeypatch.setattr(refusals, "tell_refused", lambda found, what, *_: told.append(what))
    with open_ledger(tmp_path, Clock()) as ledger:
        stack = cast(Any, SimpleNamespace(name="cloudlens", environments={}))
        monkeypatch.setattr(refusals, "open_stack", lambda name: OpenStack(stack, ledger))
        before = deploy(ledger, "v1", run="another's")
        if kind:
            deploy(ledger, "v2", state, run="mine", origin=before if kind == "rollback" else None)
        with (
            pytest.raises(EngineError),
            refusals.tell_when_refused(
                cast(Any, kind or "release"), "cloudlens", "prod", "v2", "mei"
            ),
        ):
            raise EngineError("doing", "it came back", "Do this")
    assert told == is_told


@pytest.mark.parametrize(
    ("version", "serves", "named"), [("v2", True, "v2"), ("", True, "v1"), ("", False, "–")]
)
def test_the_version_that_was_asked_for_is_named_or_else_the_one_that_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, serves: bool, named: str
) -> None:
    said = list[str]()

    def refused(version: str, *_: object, **__: object) -> Message:
        said.append(version)
        return Message("refused", "red", "a", "b")

    monkeypatch.setattr("tasks.frame.refusals.flow_run.get_id", lambda: "mine")
    monkeypatch.setattr(refusals, "speaker_for", lambda stack: SimpleNamespace(refused=refused))
    stack = cast(
        Any,
        SimpleNamespace(name="cloudlens", language="en", notifiers_for=lambda severity: ["team"]),
    )
    sent = list[str]()
    monkeypatch.setattr("tasks.frame.adapters.notifier", lambda name: name)
    monkeypatch.setattr(refusals, "send_once", lambda *_, key, **__: sent.append(key))
    with open_ledger(tmp_path, Clock()) as ledger, disable_run_logger():
        if serves:
            deploy(ledger, "v1")
        error = EngineError("doing", "it came back", "Do this")
        refusals.tell_refused.fn(OpenStack(stack, ledger), "release", "prod", version, "mei", error)
    assert (said, sent) == ([named], ["prod/cloudlens/mine/refused-team"])

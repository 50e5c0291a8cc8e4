"""A default password is told with the place where a better one is to be written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.frame import adapters
from tasks.plan.findings import Finding
from tasks.plan.weak_passwords import weak_passwords
from tidegate.facts import ComposeModel

MODEL = {
    "services": {
        "mq": {"environment": {"MQ_PASSWORD": "guest"}},
        "job": {"environment": {"ADMIN_PASSWORD": "admin"}},
        "db": {"environment": {"DB_PASSWORD": "postgres"}},
        "old": {"environment": {"OLD_PASSWORD": "changeme"}},
    }
}
WRITTEN = {
    "services": {
        "mq": {"environment": {"MQ_PASSWORD": "${RABBIT_PASSWORD:-guest}"}},
        "job": {"environment": ["ADMIN_PASSWORD=admin"]},
        "db": {"environment": {"DB_PASSWORD": "${DB_PASSWORD}"}},
        "old": {"environment": {"OLD_PASSWORD": "changeme"}},
    }
}


def found(
    monkeypatch: pytest.MonkeyPatch, kind: str = "production", **accepted: str
) -> list[Finding]:
    asked: list[Any] = []

    def as_written(files: list[Path], project: str) -> ComposeModel:
        asked.append((files, project))
        return WRITTEN

    monkeypatch.setattr(adapters, "as_written", as_written)
    env: Any = SimpleNamespace(
        name="prod",
        config=SimpleNamespace(kind=kind, compose_files=("a.yaml",), env_file=".env.prod"),
        stack=SimpleNamespace(
            name="shop", folder=Path("/team"), left_out=("old",), accepted_passwords=accepted
        ),
        values={"MQ_PASSWORD": "guest"},
        weak_passwords=["DB_PASSWORD"],
        model=lambda: MODEL,
    )
    there = list(weak_passwords(env))
    assert asked == ([([Path("/team/a.yaml")], "shop")] if kind == "production" else [])
    return there


def test_each_is_told_with_where_a_better_one_is_to_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of databases are faults, which are told elsewhere."""
    by_variable, by_hand = found(monkeypatch)
    assert by_variable.came_back.startswith("services.mq.environment.MQ_PASSWORD: ")
    assert by_variable.to_do == (
        "Give RABBIT_PASSWORD a value of your own in .env.prod. "
        "Where the data have this one already, change it there first"
    )
    assert by_hand.came_back.startswith("services.job.environment.ADMIN_PASSWORD: ")
    assert by_hand.to_do.startswith("Use a value of the env file (`${NAME}`)")
    assert {(one.kind, one.stack, one.environment) for one in (by_variable, by_hand)} == {
        ("risk", "shop", "prod")
    }


def test_one_that_the_team_accepts_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    [accepted] = found(monkeypatch, ADMIN_PASSWORD="nobody gets there", MQ_PASSWORD="in one host")
    assert accepted.to_do == "Accepted by stack.yaml: nobody gets there"


def test_a_developers_environment_has_the_passwords_it_likes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert found(monkeypatch, kind="development") == []

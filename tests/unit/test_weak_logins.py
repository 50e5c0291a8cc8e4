"""Where a default password of a database stands in the compose files, and who need not care."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan.compose_checks import _place_of, _weak_logins

MODEL: Any = {
    "services": {
        "web": {},
        "db": {"environment": {"DB_PASSWORD": "changeme"}},
        "job": {"environment": {"DB_PASSWORD": "changeme", "OTHER": "a"}},
    }
}


def weak(kind: str = "production", **changes: Any) -> list[str]:
    env: Any = SimpleNamespace(
        config=SimpleNamespace(kind=kind),
        weak_passwords=["DB_PASSWORD"],
        values=changes.get("values", {}),
        stack=SimpleNamespace(accepted_passwords=changes.get("accepted", {})),
    )
    return _weak_logins(env, MODEL)


@pytest.mark.parametrize("kind", ["production", "staging"])
def test_it_is_told_with_its_first_place(kind: str) -> None:
    [said] = weak(kind)
    assert said.startswith("services.db.environment.DB_PASSWORD: ")
    assert "setting: default-password" in said


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "development"},
        {"values": {"DB_PASSWORD": "changeme"}},
        {"accepted": {"DB_PASSWORD": "only we come here"}},
    ],
)
def test_it_is_none_where_nobody_is_there_or_somebody_else_says_so(changes: dict[str, Any]) -> None:
    assert weak(**changes) == []


def test_what_stands_in_a_file_of_its_own_is_named_alone() -> None:
    assert _place_of("ELSEWHERE", MODEL) == "ELSEWHERE"
    assert _place_of("OTHER", MODEL) == "services.job.environment.OTHER"

"""Where a default password of a database stands in the compose files, who need not care, and folders
that cannot be mounted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan.compose_checks import _engine, _mounted, _place_of, _weak_logins
from tidegate.errors import StackFileError
from tidegate.stack.envfile import default_passwords

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
        weak_in=default_passwords,
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
        {"values": {"DB_PASSWORD": "changeme"}},  # a fault of the env file
        {"accepted": {"DB_PASSWORD": "only we come here"}},
    ],
)
def test_it_is_none_where_nobody_is_there_or_somebody_else_says_so(changes: dict[str, Any]) -> None:
    assert weak(**changes) == []


def test_it_is_told_where_the_env_file_has_a_better_one_for_another_server() -> None:
    [said] = weak(values={"DB_PASSWORD": "b3tter-0ne-71"})
    assert said.startswith("services.db.environment.DB_PASSWORD: ")


def test_what_stands_in_a_file_of_its_own_is_named_alone() -> None:
    assert _place_of("ELSEWHERE", MODEL) == "ELSEWHERE"
    assert _place_of("OTHER", MODEL) == "services.job.environment.OTHER"


def test_a_folder_that_cannot_be_mounted_is_one_fault_among_the_others() -> None:
    def files_of(services: list[str]) -> dict[str, str]:
        if services == ["web"]:
            return {"conf": "/srv/conf"}
        raise StackFileError("reading conf", "a link leads out of it", "Take it out")

    env: Any = SimpleNamespace(files_of=files_of, released=["web"])
    assert _mounted(env) == ({"conf": "/srv/conf"}, [])
    env.released = ["other"]
    assert _mounted(env) == ((), ["a link leads out of it. Take it out"])


@pytest.mark.parametrize(
    ("url", "here", "engine"),
    [
        ("ssh://a", "tcp://b", "ssh://a"),
        ("", "tcp://b", "tcp://b"),
        ("ssh://a", None, "ssh://a"),
        ("", None, ""),
    ],
)
def test_the_engine_is_that_of_its_block_or_else_the_one_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str, here: str | None, engine: str
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    if here is not None:
        monkeypatch.setenv("DOCKER_HOST", here)
    env: Any = SimpleNamespace(host=SimpleNamespace(url=url))
    assert _engine(env) == engine

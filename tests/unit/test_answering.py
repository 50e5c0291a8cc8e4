"""Which new databases are waited for, and for how long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.data import answering
from tasks.data.answering import wait_for_new_databases
from tests.unit.migration_fakes import DATABASE
from tidegate.errors import DatabaseError
from tidegate.stack.data import Database

SILENT = DatabaseError("asking it", "it does not answer", "Look at it")


def declared(name: str, **changes: Any) -> Database:
    return Database.model_validate({**DATABASE.model_dump(), "name": name, **changes})


MAIN = declared("main")
TENANTS = declared("tenants", database_key=None, pattern="ten_*")
OTHER = declared("other", service="db2")


class Server:
    """It answers from `answers_at` on, on a clock that moves while somebody sleeps."""

    def __init__(self, patch: pytest.MonkeyPatch, answers_at: float) -> None:
        self.now, self.answers_at, self.asked = 0.0, answers_at, list[str]()
        clock = SimpleNamespace(monotonic=lambda: self.now, sleep=self._sleep)
        patch.setattr(answering, "time", clock)
        patch.setattr(answering, "placed", lambda env, spec: spec)
        patch.setattr(answering, "owned", lambda env, spec: self)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def _ask(self, how: str) -> int:
        self.asked.append(how)
        if self.now < self.answers_at:
            raise SILENT
        return 0

    def data_size(self) -> int:
        return self._ask("size")

    def names(self, at: object) -> list[str]:
        self._ask("names")
        return []


def answer(server: Server, *databases: Database, started: list[str] | None) -> Any:
    begun = None if started is None else SimpleNamespace(evidence={"started": started})
    rows: dict[str, Any] = {"start-base-services": begun}
    env = SimpleNamespace(
        ledger=SimpleNamespace(journal=SimpleNamespace(get=rows.get)),
        stack=SimpleNamespace(databases=databases),
        databases=server,
    )
    work: Any = SimpleNamespace(env=env, key=lambda step: step)
    return wait_for_new_databases.fn.__wrapped__(work)  # type: ignore[attr-defined]


def test_only_those_of_services_that_were_started_just_now_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(monkeypatch, 0)
    assert answer(server, MAIN, OTHER, started=["db"]) == {"answer": ["main"]}
    assert answer(server, MAIN, OTHER, started=[]) == {"answer": []}
    assert answer(server, MAIN, OTHER, started=None) == {"answer": []}


def test_of_a_pattern_the_server_is_asked_which_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, 0)
    answer(server, MAIN, TENANTS, started=["db"])
    assert server.asked == ["size", "names"]


@pytest.mark.parametrize(("answers_at", "answers"), [(3, True), (120, True), (121, False)])
def test_it_is_asked_every_half_second_for_two_minutes(
    monkeypatch: pytest.MonkeyPatch, answers_at: float, answers: bool
) -> None:
    """One that stays silent is an error of whoever asks it next."""
    server = Server(monkeypatch, answers_at)
    assert answer(server, MAIN, started=["db"]) == {"answer": ["main"] if answers else []}
    assert len(server.asked) == min(answers_at, 120) * 2 + 1

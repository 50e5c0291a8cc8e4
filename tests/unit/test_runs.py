"""What one run asks Prefect about others: which of them a person has set going, which say nothing
new, and who would start one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.logging import disable_run_logger
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Completed, Failed, Paused, Pending, Running, Scheduled
from pydantic import BaseModel

from tasks.frame import attendance, runs
from tidegate.policy.attendance import BY_THEMSELVES, Attendance

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = str(uuid4())


class Server:
    """What a client is told; `deleted` are the runs that it has deleted."""

    def __init__(self) -> None:
        self.states: list[State[Any]] = []
        self.runs: list[FlowRun] = []
        self.asked: dict[str, Any] = {}
        self.deleted: list[UUID] = []
        self.known: dict[str, BaseModel] = {}

    def read_flow_run_states(self, run: UUID) -> list[State[Any]]:
        return self.states

    def read_flow_runs(self, **asked: Any) -> list[FlowRun]:
        self.asked = asked
        return self.runs

    def delete_flow_run(self, run: UUID) -> None:
        self.deleted.append(run)
        if run == self.runs[0].id:
            raise ObjectNotFound(Exception("somebody else was quicker"))

    def read_flow_run(self, run: UUID) -> Any:
        return SimpleNamespace(state=self._known(run))

    def set_flow_run_state(self, run: UUID, state: State[Any], *, force: bool) -> None:
        assert force
        self._known(run)
        self.states.append(state)

    def _known(self, run: UUID) -> State[Any]:
        if str(run) != RUN:
            raise ObjectNotFound(Exception("forgotten"))
        return self.states[-1]

    def read_work_pool(self, name: str) -> BaseModel:
        return self.known[f"pool {name}"]

    def read_work_queue(self, queue: UUID) -> BaseModel:
        return self.known[f"queue {queue}"]

    def read_workers_for_work_pool(self, name: str) -> list[BaseModel]:
        return [self.known[f"worker of {name}"]]

    def read_deployment_by_name(self, name: str) -> BaseModel:
        if name not in self.known:
            raise ObjectNotFound(Exception(name))
        return self.known[name]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()

    @contextmanager
    def client(*, sync_client: bool) -> Iterator[Server]:
        assert sync_client
        yield made

    for module in (runs, attendance):
        monkeypatch.setattr(module, "get_client", client)
    with disable_run_logger(), temporary_settings({PREFECT_API_URL: "http://server.test/api"}):
        yield made


def one_after_the_other(*states: State[Any]) -> list[State[Any]]:
    """Each a second after the one before it; the server gives them in any order."""
    at = [
        one.model_copy(update={"timestamp": AT + timedelta(seconds=number)})
        for number, one in enumerate(states)
    ]
    return at[::-1]


@pytest.mark.parametrize(
    ("states", "by_hand"),
    [
        ([Running(), Paused(), Running()], True),
        ([Running(), Paused(), Pending()], True),
        ([Running(), Paused(), Scheduled(), Pending(), Running()], False),
        ([Running(), Paused()], False),
        ([Running(), Paused(), Failed()], False),
        ([Pending(), Running()], False),
        ([Running()], False),
        ([], False),
    ],
)
def test_a_run_that_was_set_out_of_its_pause_has_no_process(
    server: Server, states: list[State[Any]], by_hand: bool
) -> None:
    """One that was resumed is scheduled first."""
    server.states = one_after_the_other(*states)
    assert runs.was_set_by_hand(RUN) is by_hand


def a_run(state: State[Any], *, began: bool = True) -> FlowRun:
    return FlowRun(
        id=uuid4(),
        flow_id=uuid4(),
        state=state,
        state_type=state.type,
        state_name=state.name,
        start_time=AT if began else None,
    )


def forgotten(server: Server, monkeypatch: pytest.MonkeyPatch, *found: FlowRun) -> list[UUID]:
    deployment = uuid4()
    monkeypatch.setattr(runs, "deployment", SimpleNamespace(id=str(deployment)))
    server.runs = [*found]
    runs.forget_needless_looks()
    assert server.asked["flow_run_filter"].deployment_id.any_ == [deployment]
    assert server.asked["limit"] == 50
    return server.deleted


def test_looks_that_say_nothing_new_are_deleted_and_all_others_stay(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, older = a_run(Failed(message="the edge is away")), a_run(Failed(message="no ledger"))
    again = a_run(Failed(message="the edge is away"))
    quiet, not_begun = a_run(runs.quiet()), a_run(Cancelled(), began=False)
    by_a_person, done = a_run(Cancelled()), a_run(Completed())
    found = (newest, quiet, not_begun, by_a_person, older, again, done)
    assert forgotten(server, monkeypatch, *found) == [quiet.id, not_begun.id, again.id]


def test_a_look_that_somebody_else_has_deleted_keeps_none_of_the_others(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = a_run(runs.quiet()), a_run(runs.quiet())
    assert forgotten(server, monkeypatch, *found) == [one.id for one in found]


def test_a_look_that_nobody_scheduled_deletes_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "deployment", SimpleNamespace(id=None))
    server.runs = [a_run(runs.quiet())]
    runs.forget_needless_looks()
    assert (server.asked, server.deleted) == ({}, [])


class Said(BaseModel):
    """As the server tells of a pool, a queue, a worker or a deployment."""

    default_queue_id: str = "q"
    is_paused: bool = False
    concurrency_limit: int | None = None
    last_heartbeat_time: datetime = AT
    heartbeat_interval_seconds: int = 20
    paused: bool = False
    schedules: list[dict[str, Any]] = [{"active": True}]


def test_who_would_start_a_run_is_asked_of_the_server(server: Server) -> None:
    names = ("pool tidegate", "queue q", "worker of tidegate", BY_THEMSELVES[0])
    server.known = dict.fromkeys(names, Said())
    assert attendance.attendance() == Attendance(
        is_open=True, heard_at=AT, beat_seconds=20, resting=(BY_THEMSELVES[1],)
    )
    server.known["queue q"] = Said(is_paused=True)
    found = attendance.attendance()
    assert found is not None
    assert not found.is_open


def test_a_server_that_does_not_answer_stops_nobody(server: Server) -> None:
    assert attendance.attendance() is None
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        assert attendance.attendance() is None


def test_a_run_is_ended_whatever_it_does_and_one_that_is_forgotten_is_ended_already(
    server: Server,
) -> None:
    server.states = [Running()]
    state = runs.run_state(RUN)
    assert state is not None
    assert state.is_running()
    runs.cancel_run(RUN, "nobody decided in time")
    assert (server.states[-1].is_cancelled(), server.states[-1].message) == (
        True,
        "nobody decided in time",
    )
    assert runs.run_state(str(uuid4())) is None
    runs.set_run(str(uuid4()), Completed())
    assert len(server.states) == 2

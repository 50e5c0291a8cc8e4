"""How warm a slot is, and when it serves: by its own health check, and by few looks at the
engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest

from tasks.frame.open_environment import OpenEnvironment
from tasks.slots import health
from tasks.slots.health import refuse_without_base, wait_for
from tasks.slots.state import Warmth, warmth
from tidegate.errors import DatabaseError, UnhealthyError
from tidegate.facts import ONE_SHOT_LABEL, ContainerFacts, Outcome

Health = Literal["none", "starting", "healthy", "unhealthy"]


class Host:
    """One slot of two services. Its own checks succeed from the look number `ready_at` on."""

    def __init__(self, *containers: ContainerFacts, ready_at: int = 1) -> None:
        self.slot, self.ready_at = containers, ready_at
        self.looks, self.checks = 0, list[str]()

    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]:
        self.looks += 1
        return list(self.slot)

    def own_check(self, container: str) -> Outcome:
        self.checks.append(container)
        return Outcome(int(self.looks < self.ready_at), "", "")


def container(service: str, health: Health = "healthy", state: Any = "running") -> ContainerFacts:
    return ContainerFacts(
        id=f"id-{service}",
        name=service,
        service=service,
        image_id="",
        state=state,
        health=health,
        restarts=0,
        exit_code=0,
    )


def environment(host: Host) -> OpenEnvironment:
    services = (SimpleNamespace(name="web"), SimpleNamespace(name="worker"))
    nothing = SimpleNamespace(deployments=SimpleNamespace(history=lambda *_: []))
    return cast(
        OpenEnvironment,
        SimpleNamespace(
            host=host,
            stack=SimpleNamespace(name="shop", services=services),
            released=[one.name for one in services],
            name="prod",
            ledger=nothing,
        ),
    )


@pytest.mark.parametrize(
    ("found", "was"),
    [
        ((container("web-7"), container("worker-7", "none")), "warm"),
        ((container("web-7"), container("worker-7", state="exited")), "stopped"),
        ((container("web-7"), container("worker-7", "unhealthy")), "stopped"),
        ((container("web-7"),), "gone"),
        ((), "gone"),
    ],
)
def test_one_look_at_the_engine_says_how_warm_a_slot_is(
    found: tuple[ContainerFacts, ...], was: Warmth
) -> None:
    host = Host(*found)
    assert warmth(environment(host), "shop-prod-7") == was
    assert host.looks == 1
    assert host.checks == []


def test_a_container_that_has_just_started_is_asked_by_its_own_check_before_the_engine_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "POLL_SECONDS", 0)
    host = Host(container("web-7", "starting"), container("worker-7"), ready_at=2)
    wait_for(environment(host), "shop-prod-7", {"web-7", "worker-7"}, 60, proved_before=True)
    assert host.looks >= 2
    assert set(host.checks) == {"id-web-7"}


def test_a_container_that_is_not_there_yet_keeps_the_slot_from_serving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host(container("web-7", "starting"))
    monkeypatch.setattr(health, "POLL_SECONDS", 0)
    monkeypatch.setattr(health, "_unhealthy", lambda env, containers, what: TimeoutError(what))
    with pytest.raises(TimeoutError, match="not healthy within its start budget"):
        wait_for(environment(host), "shop-prod-7", {"web-7", "worker-7"}, 0.05, proved_before=True)


@pytest.mark.parametrize(("health", "state"), [("unhealthy", "running"), ("starting", "paused")])
def test_nobody_is_asked_who_was_found_bad_or_does_not_run(health: Health, state: str) -> None:
    host = Host(container("web-7", health, state), container("worker-7"))
    assert warmth(environment(host), "shop-prod-7") == "stopped"
    assert host.checks == []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes while somebody sleeps."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_a_slow_start_is_asked_ever_more_seldom(clock: list[float]) -> None:
    """Looks and checks take processor time from what starts."""
    host = Host(container("web-7", "starting"), ready_at=500)
    seconds = wait_for(environment(host), "shop-prod-7", {"web-7"}, 6000, proved_before=True)
    assert 400 < seconds < 800  # at most a second between two looks
    assert len(host.checks) < 25


def test_a_version_that_has_not_proved_itself_is_asked_twice(clock: list[float]) -> None:
    """What answers once and dies a second later must not be taken for healthy."""
    host = Host(container("web-7", "starting"), ready_at=3)
    assert wait_for(environment(host), "shop-prod-7", {"web-7"}, 60) >= health.STEADY_SECONDS
    assert len(host.checks) > 2


def test_a_version_that_answers_once_is_not_healthy(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_unhealthy", lambda env, containers, what: TimeoutError(what))
    host = Host(container("web-7", "starting"))
    monkeypatch.setattr(host, "own_check", lambda container: Outcome(host.looks - 1, "", ""))
    with pytest.raises(TimeoutError):
        wait_for(environment(host), "shop-prod-7", {"web-7"}, 10)


def test_a_version_that_the_engine_has_asked_is_not_asked_again(clock: list[float]) -> None:
    host = Host(container("web-7"), container("worker-7"))
    assert wait_for(environment(host), "shop-prod-7", {"web-7", "worker-7"}, 60) == 0
    assert host.checks == []


def test_the_second_look_comes_when_the_two_seconds_are_over(clock: list[float]) -> None:
    host = Host(container("web-7", "starting"))
    assert wait_for(environment(host), "shop-prod-7", {"web-7"}, 60) == pytest.approx(2, abs=0.25)
    assert len(host.checks) == 2


def test_one_that_was_well_and_is_not_any_more_must_be_well_for_two_seconds_again(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(container("web-7", "starting"))
    monkeypatch.setattr(host, "own_check", lambda one: Outcome(int(1 < clock[0] < 4), "", ""))
    assert wait_for(environment(host), "shop-prod-7", {"web-7"}, 60) >= 6


@pytest.mark.parametrize("budget", [5, 10])
def test_a_slot_has_the_whole_of_its_budget(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, budget: float
) -> None:
    monkeypatch.setattr(health, "_unhealthy", lambda env, containers, what: TimeoutError(what))
    host = Host(container("web-7", "starting"), ready_at=10_000)
    with pytest.raises(TimeoutError, match=f"within its start budget of {budget} s"):
        wait_for(environment(host), "shop-prod-7", {"web-7"}, budget)
    assert budget < clock[0] <= budget + 1


def base(*found: ContainerFacts) -> OpenEnvironment:
    return environment(Host(*found))


def unhealthy(said: str = "no answer. ") -> UnhealthyError:
    return UnhealthyError("starting shop-prod-7", said, "Correct it")


@pytest.fixture
def base_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "slot_state", lambda env, project: env.host.containers({}))


@pytest.mark.parametrize("state", ["exited", "paused", "created"])
def test_without_its_database_no_version_is_to_blame(base_project: None, state: str) -> None:
    env: Any = base(container("db", state=state), container("cache"), container("web", state=state))
    env.base_project = "shop-prod"
    with pytest.raises(DatabaseError, match=r"no answer\. But db does not run either") as raised:
        refuse_without_base(env, unhealthy())
    assert raised.value.to_do == "Find out why, then start it: docker start db"


def test_a_version_is_to_blame_where_its_base_runs_or_has_done_its_work(base_project: None) -> None:
    seed = replace(
        container("seed", state="exited"), labels={ONE_SHOT_LABEL: "yes"}, is_restarted=False
    )
    env: Any = base(container("db"), seed, container("web", state="exited"))
    env.base_project = "shop-prod"
    refuse_without_base(env, unhealthy())

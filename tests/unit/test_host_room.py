"""How much room a release needs on its host, and what is told of ports and registries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan import preflight
from tasks.plan.preflight import _all_good, _amounts, _edge, _host, _notifiers, slots_to_come
from tidegate.errors import CapacityError, EngineError, StackFileError, TidegateError
from tidegate.facts import CheckResult

GIB = 1 << 30


def facts(*, disk: int = 50 * GIB, total: int = 100 * GIB, memory: int = 8 * GIB) -> Any:
    return SimpleNamespace(
        engine_version="27.1",
        platform="linux/amd64",
        disk_free=disk,
        disk_total=total,
        memory_free=memory,
    )


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(preflight, "memory_needed", lambda model, services: 2 * GIB)
    monkeypatch.setattr(preflight, "beside_old", lambda env: ["web"])
    monkeypatch.setattr(preflight, "running_slots", lambda env: {"shop-prod-1"})
    return SimpleNamespace(
        stack=SimpleNamespace(name="shop"),
        name="prod",
        config=SimpleNamespace(host="local", keep_warm=False),
        measures=SimpleNamespace(facts=facts),
    )


@pytest.mark.parametrize(
    ("keep_warm", "running", "slots"),
    [(False, 1, 1), (True, 0, 2), (True, 1, 2), (True, 2, 1), (True, 3, 1)],
)
def test_room_is_left_for_one_that_stays_warm_until_it_takes_it_already(
    env: Any, monkeypatch: pytest.MonkeyPatch, keep_warm: bool, running: int, slots: int
) -> None:
    env.config.keep_warm = keep_warm
    monkeypatch.setattr(preflight, "running_slots", lambda env: {*range(running)})
    assert slots_to_come(env) == slots
    needed = {name: need for name, _, need in _amounts(facts(), env, {})}["memory"]
    assert needed == 2 * GIB * slots + GIB // 4


@pytest.mark.parametrize(
    ("total", "least"), [(10, 2 * GIB), (40, 2 * GIB), (60, 3 * GIB), (1000, 50 * GIB)]
)
def test_two_gib_of_a_disk_are_left_free_and_of_a_large_one_a_twentieth(
    env: Any, total: int, least: int
) -> None:
    needed = {name: need for name, _, need in _amounts(facts(total=total * GIB), env, {})}
    assert needed["disk"] == least


def test_what_is_there_is_told_and_just_enough_is_enough(env: Any) -> None:
    need = {name: bytes for name, _, bytes in _amounts(facts(), env, {})}
    env.measures.facts = lambda: facts(disk=need["disk"], memory=need["memory"])
    said = {one.name: one.detail for one in _host(env, {})}
    assert said["engine"] == "Docker 27.1, linux/amd64"
    gib = f"{need['memory'] / GIB:.1f} GiB"
    assert said["memory"] == f"{gib} free, {gib} needed"
    env.measures.facts = lambda: facts(disk=need["disk"] - 1, memory=need["memory"] - 1)
    with pytest.raises(CapacityError, match=r"disk: .* free, .* needed; memory: "):
        [*_host(env, {})]
    env.measures.facts = lambda: facts(disk=need["disk"], memory=need["memory"] - 1)
    with pytest.raises(CapacityError) as raised:
        [*_host(env, {})]
    assert "disk" not in raised.value.came_back


def check(*results: CheckResult | TidegateError) -> Any:
    def checked(env: Any, model: Any) -> list[CheckResult]:
        for one in results:
            if isinstance(one, TidegateError):
                raise one
        return [one for one in results if isinstance(one, CheckResult)]

    return checked


def fault(what: str, *, retryable: bool = False) -> CapacityError:
    return CapacityError(f"looking at {what}", "it is full", "Free some", retryable=retryable)


PASSED = CheckResult("home", "pass", "200", 0.0)


def test_all_faults_are_told_at_once_and_tried_again_where_one_may_pass(env: Any) -> None:
    assert [one.name for one in _all_good(env, {}, [check(PASSED)])] == ["compose files", "home"]
    alone = fault("disk")
    with pytest.raises(CapacityError) as raised:
        _all_good(env, {}, [check(PASSED), check(alone)])
    assert raised.value is alone
    for retryable in (True, False):
        with pytest.raises(TidegateError) as joined:
            _all_good(env, {}, [check(fault("a")), check(fault("b", retryable=retryable))])
        assert joined.value.came_back == "looking at a: it is full; looking at b: it is full"
        assert joined.value.to_do == "Free some"
        assert joined.value.retryable is retryable


def test_without_an_engine_nothing_else_is_asked(env: Any) -> None:
    away = EngineError("asking the engine", "no answer", "Start it")
    with pytest.raises(EngineError) as raised:
        _all_good(env, {}, [check(fault("a")), check(away), check(fault("b"))])
    assert raised.value is away


@pytest.mark.parametrize(
    ("https", "fronts", "is_refused"),
    [(True, (), True), (True, ("10.0.0.1",), False), (False, (), False)],
)
def test_https_needs_a_front_that_is_believed(
    env: Any,
    monkeypatch: pytest.MonkeyPatch,
    https: bool,
    fronts: tuple[str, ...],
    is_refused: bool,
) -> None:
    env.config.https, env.settings = https, SimpleNamespace(fronts=fronts)
    env.edge = SimpleNamespace(
        route=lambda *_: None, routes=lambda: SimpleNamespace(faulty=["a.yml"])
    )
    monkeypatch.setattr(preflight, "refuse_taken_doors", lambda env: None)
    answers = {"a.test": "shop/prod/3", "b.test": None}
    monkeypatch.setattr(preflight, "refuse_foreign_answers", lambda env: answers)
    if is_refused:
        with pytest.raises(StackFileError, match="the edge believes no front"):
            [*_edge(env, {})]
        return
    assert [one.detail for one in _edge(env, {})] == [
        "a.test → shop/prod/3",
        "b.test is free",
        "the switch sets aside what is foreign: a.yml",
    ]


def test_notifiers_that_are_there_are_named(env: Any) -> None:
    env.notifiers = {}
    assert [*_notifiers(env, {})] == []
    env.notifiers = {"team": object(), "boss": object()}
    assert [one.detail for one in _notifiers(env, {})] == ["team, boss"]

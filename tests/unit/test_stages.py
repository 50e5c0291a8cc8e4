"""The way of a release through the environments before the one that was asked for, and what
recovery leaves to somebody else."""

from __future__ import annotations

import inspect
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from flows import stages
from flows.recover import left_for_later, tell_of_end
from flows.release import release
from tasks.back.recovery import Ended
from tidegate.each import Fault, Parted
from tidegate.errors import EngineError, FencedError, LockedError, TidegateError
from tidegate.ledger import Deployment


def test_a_release_goes_through_every_environment_before_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stages, "open_environment", lambda stack, name, settings: name)
    way = SimpleNamespace(way_to=lambda name: ["dev", "staging", name])
    env: Any = SimpleNamespace(stack=way, name="prod", settings=None)
    assert stages.open_way(env) == ["dev", "staging", env]


def test_each_environment_is_planned_with_its_own_checks_and_what_the_one_before_proved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned = list[tuple[Any, ...]]()

    def make_plan(env: Any, version: Any, pins: Any, checks: Any, before: Any) -> str:
        planned.append((env.name, checks, before))
        return f"plan of {env.name}"

    for name, stands_for in {
        "make_plan": make_plan,
        "serves_already": lambda env, plan: None,
        "open_deployment": lambda env, plan, requested_by: SimpleNamespace(env=env),
        "deploy": lambda work, is_told: work,
        "staged": lambda work: f"proved in {work.env.name}",
    }.items():
        monkeypatch.setattr(stages, name, stands_for)
    quiet = SimpleNamespace(approval=False, loud=False)
    way: Any = [SimpleNamespace(name=one, config=quiet) for one in ("dev", "staging")]
    checks: Any = [("of dev",), ("of staging",)]
    version: Any = "v1"
    proved: Any = stages.go_through(way, version, {}, checks, "Mei")
    assert proved == "proved in staging"
    assert planned == [
        ("dev", ("of dev",), None),
        ("staging", ("of staging",), "proved in dev"),
    ]
    assert stages.go_through([], version, {}, [], "Mei") is None


def fault(kind: type[TidegateError]) -> Fault:
    return Fault("shop prod #1", kind("trying", "it broke", "Try again"))


def test_recovery_says_what_went_wrong_and_nothing_that_somebody_else_is_at() -> None:
    broken, locked, fenced = fault(EngineError), fault(LockedError), fault(FencedError)
    steps: list[Parted[Any]] = [Parted({}, (locked, broken)), Parted({}, ()), Parted({}, (fenced,))]
    with disable_run_logger():
        assert [*left_for_later(steps)] == [broken]


@pytest.mark.parametrize("plan_only", [True, False])
def test_all_environments_are_checked_before_the_first_is_changed(
    plan_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan is about the one that was asked for."""
    staging, prod = (SimpleNamespace(name=one, stack=None) for one in ("staging", "prod"))
    prod.stack, happened = SimpleNamespace(name="shop"), list[Any]()

    def make_plan(env: Any, version: Any, pins: Any, checks: Any, *_: Any, **__: Any) -> None:
        happened.append(("plan", env.name, checks))
        raise KeyError("it ends here")

    for name, stands_for in {
        "begun_by_this_run": lambda environment: None,
        "open_environment": lambda stack, name: prod,
        "open_way": lambda env: [staging, env],
        "resolve_version": lambda env, version: SimpleNamespace(name=version),
        "tag_run": lambda *_: None,
        "refuse_held": lambda *_: None,
        "refuse_busy": lambda *_: None,
        "check_environment": lambda env, version: f"checks of {env.name}",
        "build_images": lambda *_: {},
        "go_through": lambda way, version, pins, checks, _: happened.append(
            ([one.name for one in way], checks)
        ),
        "make_plan": make_plan,
    }.items():
        monkeypatch.setattr(sys.modules[release.fn.__module__], name, stands_for)
    with pytest.raises(KeyError):
        inspect.unwrap(release.fn)("shop", "v1", "prod", plan_only=plan_only)
    before = ([], []) if plan_only else (["staging"], ["checks of staging"])
    assert happened == [before, ("plan", "prod", "checks of prod")]


@pytest.mark.parametrize(
    ("too_late", "is_told", "told"),
    [(True, False, ["approval_expired"]), (False, False, ["refused"]), (False, True, [])],
)
def test_recovery_tells_of_what_it_ended_unless_its_run_did(
    too_late: bool, is_told: bool, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, said = sys.modules[left_for_later.__module__], list[tuple[str, str]]()
    monkeypatch.setattr(module, "work_on", lambda settings, one: f"work on {one.number}")
    monkeypatch.setattr(module, "tell", lambda work, kind: said.append((work, kind)))
    one = Deployment(stack="shop", environment="prod", number=3, reason="nobody decided")
    settings: Any = None
    with disable_run_logger():
        tell_of_end(settings, Ended(one, too_late=too_late, is_told=is_told))
    assert said == [("work on 3", kind) for kind in told]

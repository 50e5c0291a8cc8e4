"""The way to an environment: a release goes through those before it, and each proves the images for
the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flows.accept import accept
from flows.deploy import deploy
from tasks.frame.environments import as_planned, open_environment
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import is_of_this_run, open_deployment, work_of
from tasks.frame.work import Work
from tasks.plan.already import serves_already
from tasks.plan.plans import make_plan, staged
from tidegate.facts import CheckResult
from tidegate.plan.changes import Plan, Staged
from tidegate.versions import Version

Checks = tuple[CheckResult, ...]


def open_way(env: OpenEnvironment) -> list[OpenEnvironment]:
    """The environments that a release to `env` goes through, in order; `env` is the last of
    them."""
    before = env.stack.way_to(env.name)[:-1]
    return [*(open_environment(env.stack, name, env.settings) for name in before), env]


def go_through(
    way: Sequence[OpenEnvironment],
    version: Version,
    pins: Mapping[str, str],
    checks: Sequence[Checks],
    requested_by: str,
) -> Staged | None:
    """What the last environment of `way` proves; None where there is none to go through."""
    proved = None
    for env, passed in zip(way, checks, strict=True):
        proved = _prove(env, version, pins, passed, proved, requested_by)
    return proved


def _prove(
    env: OpenEnvironment,
    version: Version,
    pins: Mapping[str, str],
    checks: Checks,
    before: Staged | None,
    requested_by: str,
) -> Staged:
    """What one environment proves about these images. What serves there already is not deployed
    again."""
    plan = make_plan(env, version, pins, checks, before)
    if serving := serves_already(env, plan):
        work = work_of(as_planned(env, serving), serving)
        # its last steps may be missing
        return staged(_put_there(work) if is_of_this_run(work) else work)
    return staged(_deploy(env, plan, requested_by))


def _deploy(env: OpenEnvironment, plan: Plan, requested_by: str) -> Work:
    work = open_deployment(env, plan, requested_by)
    if env.config.approval:
        work = accept(work, plan)
    return _put_there(work)


def _put_there(work: Work) -> Work:
    """Told where the environment is loud; elsewhere the question about the next one says it."""
    return deploy(work, is_told=work.env.config.loud)

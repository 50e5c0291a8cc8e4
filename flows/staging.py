"""The way to production goes by staging: the same images, deployed, checked, and once rolled back and forward."""

from __future__ import annotations

from collections.abc import Mapping

from flows.deploy import deploy
from tasks.already import serves_already
from tasks.environments import as_planned, open_environment
from tasks.opening import is_of_this_run, open_deployment, work_of
from tasks.plans import make_plan, staged
from tasks.work import OpenEnvironment
from tidegate.facts import CheckResult, Version
from tidegate.plan import Staged


def open_staging(env: OpenEnvironment) -> OpenEnvironment | None:
    """The staging environment, where the way to `env` leads through it."""
    if env.name != "prod" or "staging" not in env.stack.environments:
        return None
    return open_environment(env.stack.name, "staging")


def release_to_staging(env: OpenEnvironment, version: Version, pins: Mapping[str, str], checks: tuple[CheckResult, ...],
                       requested_by: str) -> Staged:
    """What staging proves about these images and this configuration. What serves there already is not deployed again."""
    plan = make_plan(env, version, pins, checks, watch_seconds=0)
    serving = serves_already(env, plan)
    if serving is None:
        return staged(deploy(open_deployment(env, plan, requested_by)))
    work = work_of(as_planned(env, serving), serving)
    return staged(deploy(work) if is_of_this_run(work) else work)   # its last steps may be missing

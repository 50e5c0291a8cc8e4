"""The way to production goes by staging: the same images, deployed, checked, and once rolled back and forward."""

from __future__ import annotations

from collections.abc import Mapping

from flows.deploy import deploy
from tasks.already import serves_already
from tasks.deployments import open_deployment
from tasks.environments import open_environment
from tasks.plans import make_plan, staged
from tasks.rollbacks import work_of
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
    """What staging proves about these images."""
    plan = make_plan(env, version, pins, checks)
    if serving := serves_already(env, plan):
        return staged(work_of(env, serving))
    return staged(deploy(open_deployment(env, plan, requested_by, watch_seconds=0)))

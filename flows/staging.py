"""The way to production goes by staging: the same images, deployed, checked, and once rolled back and forward."""

from __future__ import annotations

from collections.abc import Mapping

from flows.deploy import deploy
from tasks.base import start_base_services
from tasks.deployments import open_deployment
from tasks.environments import open_environment
from tasks.plans import already_staged, check_environment, make_plan, staged
from tidegate.facts import Version
from tidegate.plan import Staged


def release_to_staging(stack: str, version: Version, pins: Mapping[str, str], requested_by: str) -> Staged:
    """What staging proves about these images; when this run has proved it before, nothing is done again."""
    env = open_environment(stack, "staging")
    if proved := already_staged(env):
        return proved
    start_base_services(env)
    plan = make_plan(env, version, pins, check_environment(env))
    return staged(deploy(open_deployment(env, plan, requested_by, watch_seconds=0)))

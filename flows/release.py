"""Release a version: plan, build, the environments before, acceptance, backup, migration, switch,
watch, notify."""

from __future__ import annotations

from prefect import State, flow
from prefect.states import Completed

from flows.accept import accept
from flows.deploy import deploy
from flows.parameters import EnvironmentName, Person, StackName, VersionName, WatchSeconds
from flows.plain import plainly
from flows.refused import told_when_refused
from flows.stages import go_through, open_way
from tasks.frame.deployments import refuse_busy, refuse_held
from tasks.frame.environments import open_environment
from tasks.frame.opening import begun_by_this_run, open_deployment
from tasks.frame.tags import tag_run
from tasks.plan.already import serves_already
from tasks.plan.builds import build_images, resolve_version
from tasks.plan.plans import make_plan
from tasks.plan.preflight import check_environment


@flow(
    name="release", flow_run_name="release {stack} {version} to {environment}", persist_result=False
)
@plainly
@told_when_refused("release")
def release(
    stack: StackName,
    version: VersionName,
    environment: EnvironmentName,
    plan_only: bool = False,
    watch_seconds: WatchSeconds = None,
    requested_by: Person = "",
) -> State[None] | None:
    """Take a version of a stack from its commit, or its images, into an environment.

    Args:
        stack: Which application.
        version: A tag such as v1.1.0 or 1.1.0, or a commit such as sha-19b9b98; where nothing is built, an image's tag.
        environment: Where to; by way of the environments that it comes after.
        plan_only: Show what would change and stop there.
        watch_seconds: How long the new version is watched after the switch; empty is the stack's own time (15 minutes).
        requested_by: Who asks for this release.
    """  # noqa: E501  Prefect shows each line of `Args` beside its field
    if work := begun_by_this_run(environment):
        deploy(work)
        return None
    env = open_environment(stack, environment)
    way = [env] if plan_only else open_way(env)

    chosen = resolve_version(env, version)
    tag_run(env.stack.name, env.name, chosen.name)
    refuse_held(env, chosen)
    if not plan_only:
        refuse_busy(env)
    checks = [check_environment(stage, chosen) for stage in way]  # of all, before one is changed
    pins = build_images(env, chosen)

    staged = go_through(way[:-1], chosen, pins, checks[:-1], requested_by)
    plan = make_plan(env, chosen, pins, checks[-1], staged, watch_seconds=watch_seconds)
    if plan_only:
        return None
    if serving := serves_already(env, plan):
        return Completed(
            message=f"{serving.version} runs already as #{serving.number}: nothing was changed"
        )
    work = open_deployment(env, plan, requested_by)
    if env.config.approval:
        work = accept(work, plan)
    deploy(work)
    return None

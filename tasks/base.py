"""The base project of an environment: databases and caches, which live once and are never recreated by a release."""

from __future__ import annotations

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.slots import PROJECT_LABEL, slot_state, wait_for
from tasks.step import is_retryable, without_secrets
from tasks.work import OpenEnvironment
from tidegate.errors import DatabaseError
from tidegate.facts import ComposeModel
from tidegate.slots import base_services

START_SECONDS = 300


@task(task_run_name="start base services {env.base_project}", retries=2, retry_delay_seconds=[2, 5],
      retry_condition_fn=is_retryable, timeout_seconds=START_SECONDS + 60, cache_policy=NO_CACHE, persist_result=False)
def start_base_services(env: OpenEnvironment) -> None:
    """Have the stack's stateful services running.

    Needs: the compose files. Leaves: healthy services. Again: changes nothing; one that was stopped is an error, not
    started behind somebody's back. Undo: they stay.
    """
    with without_secrets(env.redactor):
        _start_missing(env, env.model())


def _start_missing(env: OpenEnvironment, model: ComposeModel) -> None:
    services = refuse_stopped(env, model)
    if missing := sorted(services - base_containers(env).keys()):
        get_run_logger().info("first start of %s", ", ".join(missing))
        env.compose.up_base(model, env.base_project, missing)
    env.compose.make_networks(model, env.base_project, shared_networks(env))
    wait_for(env, env.base_project, services, START_SECONDS)


def refuse_stopped(env: OpenEnvironment, model: ComposeModel) -> set[str]:
    """The names of all base services. Raises DatabaseError for one that is there and does not run."""
    services = set(base_services(model, [service.name for service in env.stack.services]))
    for container in slot_state(env, env.base_project):
        if container.service in services and container.state != "running":
            raise DatabaseError(f"looking at {container.name}", f"it is {container.state}, so the data cannot be reached",
                                f"Find out why, then start it: docker start {container.name}")
    return services


def base_containers(env: OpenEnvironment) -> dict[str, str]:
    """Service -> name of its container in the base project: a name says more than an id where it stands in an error."""
    return {container.service: container.name for container in env.host.containers({PROJECT_LABEL: env.base_project})}


def shared_networks(env: OpenEnvironment) -> tuple[str, ...]:
    """Names of the networks on which the released services meet the base services."""
    model = env.model()
    keys = {key for service in env.stack.services for key in model["services"][service.name].get("networks") or {}}
    return tuple(sorted(model["networks"][key].get("name") or f"{env.base_project}_{key}" for key in keys))

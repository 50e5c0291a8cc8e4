"""Flows run by the test's own process: quicker than by the worker, and the same code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from prefect.client.schemas.objects import State

from blocks.databases.engines import SqlDatabase, open_database
from blocks.docker.host import DockerHost
from flows.release import release
from flows.rollback import rollback
from tasks.data.databases import container_of
from tasks.frame.environments import open_environment
from tests.installation import Installation, domain_of
from tests.sql import of_sql
from tidegate.ledger.tables import Deployment

PATIENCE_SECONDS = 20
"""Of the visitors: on a busy machine an answer may be slow, and slow is not lost."""


def release_here(stack: str, version: str, **parameters: Any) -> State[Any]:
    return run_here(
        release,
        stack=stack,
        version=version,
        **{"environment": "prod", "watch_seconds": 1, "requested_by": "tester", **parameters},
    )


def roll_back_here(stack: str, reason: str = "it is wrong", **parameters: Any) -> State[Any]:
    return run_here(
        rollback,
        stack=stack,
        reason=reason,
        **{"environment": "prod", "requested_by": "tester", **parameters},
    )


def run_here(flow: Callable[..., Any], **parameters: Any) -> State[Any]:
    """The final state; an error is in it, not raised."""
    state: State[Any] = flow(**parameters, return_state=True)
    return state


def edit_stack(tidegate: Installation, stack: str, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change stack.yaml as its team would."""
    file = tidegate.settings.stacks / stack / "stack.yaml"
    content = yaml.safe_load(file.read_text())
    edit(content)
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def set_start_budget(tidegate: Installation, stack: str, seconds: int) -> None:
    edit_stack(
        tidegate, stack, lambda content: content["services"][0].update(start_budget_seconds=seconds)
    )


def engine(tidegate: Installation) -> DockerHost:
    return DockerHost(edge_network=tidegate.settings.edge_name)


def slots(tidegate: Installation, stack: str, environment: str = "prod") -> dict[str, str]:
    """Compose project -> state of its container, of all slots there are."""
    found = engine(tidegate).containers(
        {"tidegate.stack": stack, "tidegate.environment": environment}
    )
    return {one.labels["com.docker.compose.project"]: one.state for one in found}


def database_of(tidegate: Installation, stack: str) -> SqlDatabase:
    """The application's database in production."""
    env = open_environment(stack, "prod", tidegate.settings)
    spec = of_sql(env.stack.databases[0])
    return open_database(engine(tidegate), spec, container_of(env, spec), env.values)


def serving(tidegate: Installation, stack: str) -> tuple[str, int]:
    """Version and deployment that answer a visitor."""
    answer = tidegate.get(domain_of(stack, "prod"))
    return str(answer.json()["version"]), int(
        answer.headers["X-Tidegate-Deployment"].rsplit("/", 1)[-1]
    )


def assert_true_and_clean(tidegate: Installation, stack: str, serves: Deployment) -> None:
    """Edge and ledger say the same; nothing of a failed deployment is left."""
    assert serving(tidegate, stack) == (serves.version, serves.number)
    now = tidegate.ledger.deployments.current(stack, "prod")
    assert now is not None
    assert now.id == serves.id
    assert [slot for slot, state in slots(tidegate, stack).items() if state == "running"] == [
        serves.slot
    ]
    assert not [lock.owner for lock in tidegate.ledger.locks.holders() if lock.stack == stack]
    assert not [
        f"#{one.number} {one.state}" for one in tidegate.ledger.deployments.open_ones(stack)
    ]
    assert tidegate.ledger.audit.verify().findings == ()


def nothing_left_of(tidegate: Installation, slot: str) -> bool:
    """No container and no network, running or not."""
    client, label = engine(tidegate).client, f"com.docker.compose.project={slot}"
    return not client.containers.list(
        all=True, filters={"label": label}
    ) and not client.networks.list(filters={"label": label})

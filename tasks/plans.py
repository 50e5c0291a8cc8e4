"""The plan: what would change, computed from the commit, the images, the env file, the databases and the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from blocks.host_facts import host_facts
from tasks.databases import free_connections, migrators
from tasks.deployments import key_of_run
from tasks.pages import publish_page
from tasks.smoke import results_of
from tasks.step import is_retryable
from tasks.work import OpenEnvironment, Work
from tidegate.compose_lint import lint_model
from tidegate.envfile import EnvDiff, config_hash, diff_env, fingerprint
from tidegate.errors import CapacityError, TidegateError
from tidegate.facts import CheckResult, HostFacts, SchemaChange, Version
from tidegate.ledger.tables import Deployment
from tidegate.pages import plan_page
from tidegate.plan import Plan, Running, Staged
from tidegate.slots import memory_needed
from tidegate.states import DeploymentState

LEAST_DISK_RATIO = 0.05
LEAST_DISK_BYTES = 2 << 30
SPARE_MEMORY_BYTES = 256 << 20


@task(task_run_name="plan {version.name} for {env.base_project}", retries=2, retry_delay_seconds=[1, 5],
      retry_condition_fn=is_retryable, timeout_seconds=600, cache_policy=NO_CACHE, persist_result=False)
def make_plan(env: OpenEnvironment, version: Version, pins: Mapping[str, str], checks: tuple[CheckResult, ...],
              staged: Staged | None = None) -> Plan:
    """Everything a person decides about, with its hash.

    Needs: images, running databases. Leaves: an artifact. Again: the same hash while nothing changed. Undo: nothing.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    prints = config_prints(env)
    plan = Plan(
        stack=env.stack.name, environment=env.name, version=version, pins=pins,
        config_hash=config_hash(prints, *_compose_files(env)), config=_config_change(serving, prints), schema=_schema(env, pins), running=_running(serving),
        commits=tuple(env.source.between(serving.release.commit if serving else None, version.commit.sha)),
        domains=env.config.domains, preflight=checks, staged=staged)
    get_run_logger().info("plan %s: %s %s, schema %s, way back: %s", plan.hash[:12], plan.stack, version.name, plan.kind,
                          plan.way_back)
    publish_page(env, f"plan-{plan.hash[:12]}", plan_page(plan, env.stack.language), f"plan: {version.name} to {env.name}")
    return plan


@task(task_run_name="check {env.base_project}", retries=2, retry_delay_seconds=[1, 5], retry_condition_fn=is_retryable,
      timeout_seconds=120, cache_policy=NO_CACHE, persist_result=False)
def check_environment(env: OpenEnvironment) -> tuple[CheckResult, ...]:
    """Disk, memory, compose files, edge and database connections, all faults at once, before anything changes.

    Needs: running base services. Leaves: nothing. Again: looks again. Undo: nothing to undo.
    """
    results = tuple(_preflight(env))
    if faults := [f"{result.name}: {result.detail}" for result in results if result.outcome != "pass"]:
        raise CapacityError(f"checking {env.stack.name} {env.name} before the release", "; ".join(faults),
                            "Correct each of them; nothing was changed")
    return results


def already_staged(env: OpenEnvironment) -> Staged | None:
    """What this very flow run has proved on staging before it was suspended or killed."""
    mine = [one for one in env.ledger.deployments.history(env.stack.name, env.name, limit=50) if one.key == key_of_run(env)]
    good = [one for one in mine if one.state in (DeploymentState.GOOD, DeploymentState.SUPERSEDED)]
    return _staged(env, good[0]) if good else None


def staged(work: Work) -> Staged:
    return _staged(work.env, work.deployment)


def config_prints(env: OpenEnvironment) -> dict[str, str]:
    """Keyed fingerprints of the env values: comparable between releases, useless for guessing a secret."""
    return fingerprint(env.values, env.settings.fingerprint_key())


def _compose_files(env: OpenEnvironment) -> list[bytes]:
    return [(env.stack.folder / file).read_bytes() for file in env.config.compose_files]


def _staged(env: OpenEnvironment, deployment: Deployment) -> Staged:
    rows = {row.name: row.evidence for row in env.ledger.journal.steps(deployment.id)}
    return Staged(number=deployment.number, pins=deployment.release.images, smoke=results_of(rows["smoke-public"]),
                  rehearsed=bool(rows.get("rehearse-rollback", {}).get("rehearsed")))


def _running(serving: Deployment | None) -> Running | None:
    if serving is None:
        return None
    return Running(serving.id, serving.number, serving.version, serving.release.commit)


def _config_change(serving: Deployment | None, prints: Mapping[str, str]) -> EnvDiff:
    return diff_env(serving.figures.get("config", {}) if serving else {}, prints)


def _schema(env: OpenEnvironment, pins: Mapping[str, str]) -> tuple[SchemaChange, ...]:
    return tuple(migrator.inspect() for migrator in migrators(env, pins, key="plan"))


def _preflight(env: OpenEnvironment) -> Iterator[CheckResult]:
    model, released = env.model(), [service.name for service in env.stack.services]
    yield from _host(host_facts(env.host), memory_needed(model, released))
    faults = lint_model(model, released, env.name)
    yield _result("compose files", not faults, "; ".join(faults) or "clean")
    yield _edge(env)
    pool = sum(service.connection_pool for service in env.stack.services)
    for name, free in free_connections(env).items():
        yield _result(f"connections of {name}", free >= pool, f"{free} free, {pool} needed by the new containers")


def _host(facts: HostFacts, memory: int) -> Iterator[CheckResult]:
    least = max(LEAST_DISK_BYTES, int(facts.disk_total * LEAST_DISK_RATIO))
    yield _result("disk", facts.disk_free >= least, f"{_gib(facts.disk_free)} free, {_gib(least)} needed")
    need = memory + SPARE_MEMORY_BYTES
    yield _result("memory", facts.memory_free >= need, f"{_gib(facts.memory_free)} free, {_gib(need)} needed")
    yield _result("engine", True, f"Docker {facts.engine_version}, {facts.platform}")


def _edge(env: OpenEnvironment) -> CheckResult:
    try:
        env.edge.route(env.stack.name, env.name)
        number = env.edge.serving(env.config.domains[0])
    except TidegateError as error:
        return _result("edge", False, f"{error.came_back}. {error.to_do}")
    return _result("edge", True, f"{env.config.domains[0]} → #{number}" if number else f"{env.config.domains[0]} is free")


def _result(name: str, good: bool, detail: str) -> CheckResult:
    outcome: Literal["pass", "fail"] = "pass" if good else "fail"
    return CheckResult(name=name, outcome=outcome, detail=detail, seconds=0.0)


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"

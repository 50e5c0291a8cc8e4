"""The plan: what would change, computed from the commit, the images, the env file, the databases and the host."""

from __future__ import annotations

from collections.abc import Mapping

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.databases import histories, schema_state
from tasks.deployments import key_of_run
from tasks.pages import publish_page
from tasks.preflight import privileges
from tasks.smoke import results_of
from tasks.step import is_retryable, without_secrets
from tasks.work import OpenEnvironment, Work
from tidegate.envfile import EnvDiff, config_hash, diff_env
from tidegate.facts import CheckResult, SchemaChange, Version
from tidegate.ledger.tables import Deployment
from tidegate.pages import plan_page, plan_title
from tidegate.plan import Plan, Running, Staged
from tidegate.states import DeploymentState


@task(task_run_name="plan {version.name} for {env.base_project}", retries=2, retry_delay_seconds=[1, 5],
      retry_condition_fn=is_retryable, timeout_seconds=600, cache_policy=NO_CACHE, persist_result=False)
def make_plan(env: OpenEnvironment, version: Version, pins: Mapping[str, str], checks: tuple[CheckResult, ...],
              staged: Staged | None = None) -> Plan:
    """Everything a person decides about, with its hash.

    Needs: images, running databases. Leaves: an artifact. Again: the same hash while nothing changed. Undo: nothing.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    prints = env.config_prints
    plan = Plan(
        stack=env.stack.name, environment=env.name, version=version, pins=pins,
        config_hash=config_hash(prints, *_compose_files(env)), config=_config_change(env, serving),
        schema=_schema(env, pins), running=_running(serving),
        commits=tuple(env.source.between(serving.release.commit if serving else None, version.commit.sha)),
        domains=env.config.domains, preflight=checks, staged=staged,
        privileges=privileges(env, env.model()))
    get_run_logger().info("plan %s: %s %s, schema %s, way back: %s", plan.hash[:12], plan.stack, version.name, plan.kind,
                          plan.way_back)
    publish_page(env, "plan", plan_page(plan, env.stack.language), plan_title(plan, env.stack.language))
    return plan


def already_staged(env: OpenEnvironment) -> Staged | None:
    """What this very flow run has proved on staging before it was suspended or killed."""
    mine = [one for one in env.ledger.deployments.history(env.stack.name, env.name, limit=50) if one.key == key_of_run(env)]
    good = [one for one in mine if one.state in (DeploymentState.GOOD, DeploymentState.SUPERSEDED)]
    return _staged(env, good[0]) if good else None


def staged(work: Work) -> Staged:
    return _staged(work.env, work.deployment)


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


def _config_change(env: OpenEnvironment, serving: Deployment | None) -> EnvDiff:
    """Against what the serving containers were started with; a rollback woke those of an earlier deployment."""
    started = serving
    while started and started.origin_id:
        started = env.ledger.deployments.get(started.origin_id)
    return diff_env(started.figures.get("config", {}) if started else {}, env.config_prints)


def _schema(env: OpenEnvironment, pins: Mapping[str, str]) -> tuple[SchemaChange, ...]:
    with without_secrets(env.redactor):
        return tuple(history.inspect(schema_state(env, spec.database)) for spec, history in histories(env, pins))

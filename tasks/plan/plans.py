"""The plan: what would change, computed from the commit, the images, the env file, the databases and the host."""

from __future__ import annotations

from collections.abc import Mapping

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.data.databases import histories, schema_state
from tasks.frame.opening import prints_of
from tasks.frame.pages import publish_page
from tasks.frame.step import is_retryable, without_secrets
from tasks.frame.work import OpenEnvironment, Work
from tasks.plan.preflight import privileges
from tasks.slots.smoke import results_of
from tidegate.errors import LedgerError
from tidegate.facts import CheckResult, SchemaChange, TrafficFigures, Version
from tidegate.ledger.tables import Deployment
from tidegate.pages.stages import plan_page, plan_title
from tidegate.plan.accepted import accepted
from tidegate.plan.changes import Plan, Running, Staged
from tidegate.plan.resolved import differences
from tidegate.stack.routes import addresses


@task(task_run_name="plan {version.name} for {env.base_project}", retries=2, retry_delay_seconds=[1, 5],
      retry_condition_fn=is_retryable, timeout_seconds=600, cache_policy=NO_CACHE, persist_result=False)
def make_plan(env: OpenEnvironment, version: Version, pins: Mapping[str, str], checks: tuple[CheckResult, ...],
              staged: Staged | None = None, *, watch_seconds: int | None) -> Plan:
    """Everything a person decides about, with its hash.

    Needs: images, running databases. Leaves: an artifact. Again: the same hash while nothing changed. Undo: nothing.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    _refuse_other_evidence(env, version, pins, staged)
    schema = _schema(env, pins)
    plan = Plan(
        stack=env.stack.name, place=env.stack.place(env.name), version=version, pins=pins,
        configuration=env.configuration, config=differences(prints_of(env, serving) if serving else {}, env.configuration),
        schema=schema, running=_running(serving),
        commits=tuple(env.source.between(serving.release.commit if serving else None, version.commit.sha)),
        domains=env.config.hosts, preflight=checks, staged=staged,
        saves=env.config.backup or any(change.current != change.head for change in schema),
        watch_seconds=env.stack.watch.seconds if watch_seconds is None else watch_seconds,
        privileges=privileges(env, env.model()), addresses=addresses(env.stack.services, env.stack.routes, env.config),
        accepted=accepted(env.stack, env.written, env.weak_passwords))
    get_run_logger().info("plan %s: %s %s, schema %s, way back: %s", plan.hash[:12], plan.stack, version.name, plan.kind,
                          plan.way_back)
    publish_page(env, "plan", plan_page(plan, env.stack.language), plan_title(plan, env.stack.language))
    return plan


def staged(work: Work) -> Staged:
    """What a deployment on the way proved, and about what."""
    deployment, release = work.deployment, work.deployment.release
    rows = {row.name: row.evidence for row in work.env.ledger.journal.steps(deployment.id)}
    return Staged(
        place=work.env.stack.place(work.env.name), number=deployment.number, commit=release.commit, pins=release.images,
        configuration=release.config_hash, smoke=results_of(rows["smoke-public"]),
        rehearsed=bool(rows.get("rehearse-rollback", {}).get("rehearsed")), url=work.env.url, traffic=_traffic_of(deployment))


def _traffic_of(deployment: Deployment) -> TrafficFigures | None:
    noted = deployment.figures.get("traffic")
    return TrafficFigures(**noted) if noted and deployment.rollback_target_id else None


def _refuse_other_evidence(env: OpenEnvironment, version: Version, pins: Mapping[str, str], staged: Staged | None) -> None:
    """Raises LedgerError where an interrupted run has finished on the way what it had begun there, of another version."""
    if staged and (staged.commit, dict(staged.pins)) != (version.commit.sha, dict(pins)):
        raise LedgerError(f"planning {env.stack.name} {version.name}",
                          f"{staged.place.name} #{staged.number} proved commit {staged.commit[:12]}, and {version.name} is now "
                          f"{version.commit.sha[:12]}", "Start the release again")


def _running(serving: Deployment | None) -> Running | None:
    if serving is None:
        return None
    return Running(serving.id, serving.number, serving.version, serving.release.commit)


def _schema(env: OpenEnvironment, pins: Mapping[str, str]) -> tuple[SchemaChange, ...]:
    with without_secrets(env.redactor):
        return tuple(history.inspect(schema_state(env, spec)) for spec, history in histories(env, pins))

"""The plan: what would change, computed from the commit, the images, the env file, the databases
and the host."""

from __future__ import annotations

from collections.abc import Mapping

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.data.found import found_now
from tasks.data.histories import histories, planned_changes
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import prints_of
from tasks.frame.pages import publish_page
from tasks.frame.step import is_retryable, without_secrets
from tasks.frame.work import Work
from tasks.plan.compose_checks import privileges
from tasks.slots.adopted import handed_over
from tasks.slots.in_place import in_place_of, most_outage_seconds
from tasks.slots.smoke import results_of
from tidegate.errors import LedgerError
from tidegate.facts import CheckResult, FoundDatabases, SchemaChange, TrafficFigures
from tidegate.ledger.tables import Deployment
from tidegate.pages.stages import plan_page, plan_title
from tidegate.plan.accepted import accepted
from tidegate.plan.changes import Plan, Running, Staged
from tidegate.plan.image_changes import ImageChange, origin_of, said_by
from tidegate.plan.resolved import differences
from tidegate.stack.routes import addresses
from tidegate.stack.services import Service
from tidegate.versions import MAIN, Commit, Version, hashes_in, short_id


@task(
    task_run_name="plan {version.name} for {env.base_project}",
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def make_plan(
    env: OpenEnvironment,
    version: Version,
    pins: Mapping[str, str],
    checks: tuple[CheckResult, ...],
    staged: Staged | None = None,
    *,
    watch_seconds: int | None = None,
) -> Plan:
    """Everything a person decides about, with its hash.

    Needs: images, running databases. Leaves: an artifact. Again: the same hash while nothing
    changed. Undo: nothing.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    _refuse_other_evidence(env, version, pins, staged)
    schema = _schema(env, pins)
    plan = Plan(
        stack=env.stack.name,
        place=env.stack.place(env.name),
        version=version,
        pins=pins,
        configuration=env.configuration,
        config=differences(prints_of(env, serving) if serving else {}, env.configuration),
        schema=schema,
        running=_running(serving),
        commits=_commits(env, serving, version),
        images=_images(env, serving, pins),
        domains=env.config.hosts,
        preflight=checks,
        staged=staged,
        saves=env.config.backup or any(change.current != change.head for change in schema),
        watch_seconds=_watch_seconds(env, watch_seconds),
        privileges=privileges(env, env.model()),
        addresses=addresses(env.stack.services, env.stack.routes, env.config),
        in_place=in_place_of(env),
        most_outage_seconds=most_outage_seconds(env),
        handed_over=tuple(handed_over(env, serving.slot)) if serving else (),
        shares_names_with=env.config.shares_names_with,
        found=_found(env),
        accepted=accepted(env.stack, env.written, env.weak_passwords),
    )
    get_run_logger().info(
        "plan %s: %s %s, schema %s, way back: %s",
        plan.hash[:12],
        plan.stack,
        version.name,
        plan.kind,
        plan.way_back,
    )
    publish_page(
        env, "plan", plan_page(plan, env.stack.language), plan_title(plan, env.stack.language)
    )
    return plan


def staged(work: Work) -> Staged:
    """What a deployment on the way proved, and about what."""
    deployment, release = work.deployment, work.deployment.release
    rows = {row.name: row.evidence for row in work.env.ledger.journal.steps(deployment.id)}
    return Staged(
        place=work.env.stack.place(work.env.name),
        number=deployment.number,
        commit=release.commit,
        pins=release.images,
        configuration=release.config_hash,
        smoke=results_of(rows["smoke-public"]),
        rehearsed=bool(rows.get("rehearse-rollback", {}).get("rehearsed")),
        url=work.env.url,
        outage_seconds=rows["shift-traffic"].get("outage_seconds"),
        traffic=_traffic_of(deployment),
    )


def _traffic_of(deployment: Deployment) -> TrafficFigures | None:
    noted = deployment.figures.get("traffic")
    return TrafficFigures(**noted) if noted and deployment.rollback_target_id else None


def _refuse_other_evidence(
    env: OpenEnvironment, version: Version, pins: Mapping[str, str], staged: Staged | None
) -> None:
    """Raises LedgerError where an interrupted run has finished on the way what it had begun there,
    of another version."""
    if staged and (staged.commit, dict(staged.pins)) != (version.id, dict(pins)):
        raise LedgerError(
            f"planning {env.stack.name} {version.name}",
            f"{staged.place.name} #{staged.number} proved {short_id(staged.commit)}, "
            f"and {version.name} is now {short_id(version.id)}",
            "Start the release again",
        )


def _commits(
    env: OpenEnvironment, serving: Deployment | None, version: Version
) -> dict[str, tuple[Commit, ...]]:
    """None where there is no repository, or the stack file names it no more; all of a repository
    that what serves came from none of."""
    old = hashes_in(serving.release.commit) if serving else {}
    sources = {MAIN: env.source, **env.further}
    return {
        repository: tuple(source.between(old.get(repository), commit.sha))
        for repository, commit in version.commits.items()
        if (source := sources.get(repository)) is not None
    }


def _images(
    env: OpenEnvironment, serving: Deployment | None, pins: Mapping[str, str]
) -> tuple[ImageChange, ...]:
    """What becomes of the image of each service, with what old and new say of themselves."""
    before = serving.release.images if serving else {}
    return tuple(
        _image(env, service, before.get(service.name, ""), pins[service.name])
        for service in env.stack.services
    )


def _image(env: OpenEnvironment, service: Service, old: str, new: str) -> ImageChange:
    return ImageChange(
        service.name,
        origin_of(service, new),
        old,
        new,
        old_says=said_by(env.images.labels(old) if old else {}),
        new_says=said_by(env.images.labels(new)),
    )


def _watch_seconds(env: OpenEnvironment, asked: int | None) -> int:
    """As long as somebody asks for; otherwise the stack's time, where the environment is watched at
    all."""
    if asked is not None:
        return asked
    return env.stack.watch.seconds if env.config.watched else 0


def _running(serving: Deployment | None) -> Running | None:
    if serving is None:
        return None
    return Running(serving.id, serving.number, serving.version, serving.release.commit)


def _found(env: OpenEnvironment) -> tuple[FoundDatabases, ...]:
    with without_secrets(env.redactor):
        return found_now(env)


def _schema(env: OpenEnvironment, pins: Mapping[str, str]) -> tuple[SchemaChange, ...]:
    with without_secrets(env.redactor):
        return tuple(
            change
            for spec, history in histories(env, pins)
            for change in planned_changes(env, spec, history)
        )

"""The plan of a change of base services: the containers that run, beside what the compose files,
the env file and the mounted files say now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.data.base import done_by_hand, jobs_of, missing_services, refuse_stopped
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.pages import publish_page
from tasks.frame.step import is_retryable, without_secrets
from tasks.plan.base_files import changed_files
from tasks.plan.compose_checks import privileges, refuse_faulty_compose
from tidegate.errors import InputError, StackFileError
from tidegate.facts import CheckResult, ComposeModel
from tidegate.ledger.tables import Deployment
from tidegate.pages.base import base_page, base_title
from tidegate.plan.adoption import FoundContainer
from tidegate.plan.base_changes import BaseChange, BasePlan
from tidegate.plan.base_differences import (
    differences,
    needed_by,
    older_server,
    refusals,
    start_seconds,
    stop_seconds,
)
from tidegate.plan.claims import claims
from tidegate.stack.slot import declared_volumes, used_volumes


@dataclass(frozen=True)
class Differing:
    """A base service that runs otherwise than the files say."""

    found: FoundContainer
    what: tuple[str, ...]


@task(
    task_run_name="plan a change of the base of {env.base_project}",
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=is_retryable,
    timeout_seconds=900,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def plan_base(env: OpenEnvironment) -> BasePlan:
    """Everything a person decides about, with its hash.

    Needs: a version that serves, base services that run. Leaves: an artifact, and new images on the
    engine. Again: the same hash while nothing changed. Undo: images are kept.
    """
    with without_secrets(env.redactor):
        model = env.model()
        refuse_faulty_compose(env, model, privileges(env, model))
        refuse_stopped(env, model)
        plan = _plan(env, model, _serving(env), differing(env, model))
    get_run_logger().info(
        "plan %s: %s", plan.hash[:12], ", ".join(plan.services) or "nothing differs"
    )
    language, zone = env.stack.language, env.stack.time_zone
    saved = env.ledger.backups.newest_verified(env.stack.name, env.name)
    page = base_page(plan, language, time_zone=zone, backup=saved.facts if saved else None)
    publish_page(env, "base", page, base_title(plan, language))
    return plan


def check_base(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    """For the plan of a release, which changes none of them: each base service that differs."""
    for one in differing(env, model, has_images=False):
        said = (
            f"runs otherwise than the compose files say ({', '.join(one.what)}), and no release "
            f"changes it: `tidegate base {env.stack.name} {env.name}`"
        )
        yield CheckResult(f"base service {one.found.service}", "pass", said, 0.0)


def differing(
    env: OpenEnvironment, model: ComposeModel, *, has_images: bool = True
) -> list[Differing]:
    """The base services that run and are not as the files say. A new image is brought to the
    engine, unless a look must do without (`has_images`)."""
    there = _there(env, model)
    if not there:
        return []
    hashes = env.base.hashes(model, env.base_project)
    found = [
        Differing(
            one,
            differences(
                one,
                model,
                hashes.get(one.service, ()),
                _image_id(env, model["services"][one.service]["image"], pulls=has_images),
                changed_files(env, one.service),
            ),
        )
        for one in there
    ]
    return [one for one in found if one.what]


def _there(env: OpenEnvironment, model: ComposeModel) -> list[FoundContainer]:
    """The containers of base services that run on; one-shot services are run by a release."""
    ends = jobs_of(env, model).keys() | done_by_hand(env, model)
    servers = model["services"].keys() - set(env.released) - ends
    there = env.by_hand.containers_of(env.base_project)
    return sorted((one for one in there if one.service in servers), key=lambda one: one.service)


def _image_id(env: OpenEnvironment, reference: str, *, pulls: bool) -> str | None:
    """What the name means on the engine; None where it is a digest, which means one image only."""
    if "@" in reference:
        if pulls:
            env.images.ensure(reference)
        return None
    known = env.images.id_of(reference)
    if known is None and pulls:
        env.images.as_named(reference)
        known = env.images.id_of(reference)
    return known


def _serving(env: OpenEnvironment) -> Deployment:
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    if serving is None:
        raise InputError(
            f"planning a change of the base services of {env.stack.name} {env.name}",
            "nothing serves there",
            "Release a version first: its release starts them as the files say",
        )
    return serving


def _plan(
    env: OpenEnvironment, model: ComposeModel, serving: Deployment, found: list[Differing]
) -> BasePlan:
    changes = tuple(_change(env, model, one) for one in found)
    _refuse(env, model, found)
    names = {one.service for one in changes}
    kept = {*_saved_volumes(env, model), *(one.path for one in env.written if not one.reason)}
    files = env.files_of(names) if names else {}
    return BasePlan(
        stack=env.stack.name,
        environment=env.name,
        serving=serving.id,
        version=serving.version,
        changes=changes,
        configuration=env.configuration.hash,
        is_closed=bool(
            names & needed_by(model, env.released) or any(one.databases for one in changes)
        ),
        saves=any(one.databases or kept.intersection(one.volumes) for one in changes),
        asks=env.config.approval,
        files={name: env.configuration.prints[f"files/{name}"] for name in files},
        removed=_removed(env, model),
        missing=tuple(missing_services(env, model)),
    )


def _change(env: OpenEnvironment, model: ComposeModel, one: Differing) -> BaseChange:
    found, service = one.found, model["services"][one.found.service]
    return BaseChange(
        service=found.service,
        container=found.id,
        old_image=found.image,
        new_image=service["image"],
        image_id=_image_id(env, service["image"], pulls=False),
        what=one.what,
        databases=tuple(spec.name for spec in env.stack.databases if spec.service == found.service),
        volumes=tuple(mount.name for mount in found.mounts if mount.is_data),
        stop_seconds=stop_seconds(service),
        start_seconds=start_seconds(service, has_other_image="image" in one.what),
    )


def _refuse(env: OpenEnvironment, model: ComposeModel, found: list[Differing]) -> None:
    """Raises StackFileError with every reason why data would be away or could not be read."""
    places, names = env.occupancy.volume_places(), [one.found.service for one in found]
    said = {
        one.service: one
        for one in claims(model, names, env.base_project, places, env.occupancy.look_at)
    }
    databases = {spec.service: spec for spec in env.stack.databases}
    faults = [
        text
        for one in found
        for text in (
            *refusals(
                one.found, said[one.found.service], is_database=one.found.service in databases
            ),
            *_refused_database(env, model, one.found),
        )
    ]
    if faults:
        raise StackFileError(
            f"planning a change of the base services of {env.stack.name} {env.name}",
            "; ".join(faults),
            "Nothing was changed. Correct the compose files or stack.yaml; data move to another "
            "place or to an older server by a backup and a restore",
        )


def _refused_database(
    env: OpenEnvironment, model: ComposeModel, found: FoundContainer
) -> Iterator[str]:
    for spec in (one for one in env.stack.databases if one.service == found.service):
        new = model["services"][found.service]["image"]
        yield from older_server(found.service, spec.engine, found.image, new)
        if spec.name not in env.stack.state.databases:
            yield (
                f"{found.service}: its database {spec.name} is not named under `state.databases`, "
                "so no backup could be made before the change"
            )


def _saved_volumes(env: OpenEnvironment, model: ComposeModel) -> list[str]:
    declared = declared_volumes(model, env.base_project, used_volumes(model, model["services"]))
    return [str(declared[key]["name"]) for key in env.stack.state.volumes if key in declared]


def _removed(env: OpenEnvironment, model: ComposeModel) -> tuple[str, ...]:
    """What runs in the base project and stands in no compose file any more."""
    there = {
        one.service for one in env.by_hand.containers_of(env.base_project) if one.state == "running"
    }
    return tuple(sorted(there - model["services"].keys()))

"""The plan of a change of base services: the containers that run, beside what the compose files,
the env file and the mounted files say now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.data.base import (
    done_by_hand,
    jobs_of,
    missing_services,
    refuse_stopped,
    running_images,
)
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.pages import publish_page
from tasks.frame.step import is_retryable, without_secrets
from tasks.plan.base_builds import built_otherwise, image_of, is_built_here, version_of_base
from tasks.plan.base_files import changed_files
from tasks.plan.builds import BUILD_SECONDS, refuse_faulty_builds
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
from tidegate.plan.image_labels import bases_in
from tidegate.stack.base_builds import with_images
from tidegate.stack.recipes import only_built
from tidegate.stack.slot import declared_volumes, used_volumes
from tidegate.versions import Version


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
    timeout_seconds=900 + BUILD_SECONDS,
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
        refuse_faulty_builds(env)
        refuse_stopped(env, model)
        serving, version = _serving(env), version_of_base(env)
        plan = _plan(env, model, serving, version, differing(env, model, version))
    get_run_logger().info(
        "plan %s: %s", plan.hash[:12], ", ".join(plan.services) or "nothing differs"
    )
    language, zone = env.stack.language, env.stack.time_zone
    saved = env.ledger.backups.newest_verified(env.stack.name, env.name)
    page = base_page(plan, language, time_zone=zone, backup=saved.facts if saved else None)
    publish_page(env, "base", page, base_title(plan, language))
    return plan


def check_base(
    env: OpenEnvironment, model: ComposeModel, version: Version
) -> Iterator[CheckResult]:
    """For the plan of a release of `version`, which changes none of them: each base service that
    differs."""
    for one in differing(env, model, version, has_images=False):
        said = (
            f"runs otherwise than the compose files say ({', '.join(one.what)}), and no release "
            f"changes it: `tidegate base {env.stack.name} {env.name}`"
        )
        yield CheckResult(f"base service {one.found.service}", "pass", said, 0.0)


def differing(
    env: OpenEnvironment, model: ComposeModel, version: Version | None, *, has_images: bool = True
) -> list[Differing]:
    """The base services that run and are not as the files say, here and in the commit of `version`.
    A new image is brought to the engine, unless a look must do without (`has_images`)."""
    there, images = _there(env, model), running_images(env, model)
    if not there:
        return []
    hashes = env.base.hashes(model, env.base_project, images)
    rebuilt = built_otherwise(env, {one.service: one.labels for one in there}, version)
    named = with_images(model, images)
    found = list[Differing]()
    for one in there:
        image = images.get(one.service)
        own = replace(one, image=image or one.image)
        said = image or _image_id(env, model["services"][one.service]["image"], pulls=has_images)
        files = changed_files(env, one.service)
        what = differences(own, named, hashes.get(one.service, ()), said, files)
        if one.service in rebuilt or (what and image and _is_of_others(env, one, version)):
            what = ("build", *what)
        found.append(Differing(one, what))
    return [one for one in found if one.what]


def _is_of_others(env: OpenEnvironment, one: FoundContainer, version: Version | None) -> bool:
    """Whether its image was built by hand, and can be built here: it is, as soon as anything else
    of the service changes."""
    return bool(version and version.commit) and not is_built_here(env, one.labels)


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
    env: OpenEnvironment,
    model: ComposeModel,
    serving: Deployment,
    version: Version | None,
    found: list[Differing],
) -> BasePlan:
    changes = tuple(_change(env, model, version, one) for one in found)
    _refuse(env, model, found, {one.service: one for one in changes})
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


def _change(
    env: OpenEnvironment, model: ComposeModel, version: Version | None, one: Differing
) -> BaseChange:
    found, service = one.found, model["services"][one.found.service]
    old, new, image_id = _images_of(env, service, version, one)
    return BaseChange(
        service=found.service,
        container=found.id,
        old_image=old,
        new_image=new,
        image_id=image_id,
        what=one.what,
        databases=tuple(spec.name for spec in env.stack.databases if spec.service == found.service),
        volumes=tuple(mount.name for mount in found.mounts if mount.is_data),
        stop_seconds=stop_seconds(service),
        start_seconds=start_seconds(
            service, has_other_image=not {"image", "build"}.isdisjoint(one.what)
        ),
    )


def _images_of(
    env: OpenEnvironment, service: Mapping[str, Any], version: Version | None, one: Differing
) -> tuple[str, str, str | None]:
    """What runs, what will run, and its id: what is built here is built now where it is another
    one, and stays the same where only its settings change."""
    if not only_built(service):
        new = service["image"]
        return one.found.image, new, _image_id(env, new, pulls=False)
    old = one.found.image_id
    new = image_of(env, version, one.found.service) if version and "build" in one.what else old
    return old, new, new


def _refuse(
    env: OpenEnvironment,
    model: ComposeModel,
    found: list[Differing],
    changes: Mapping[str, BaseChange],
) -> None:
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
            *_refused_database(env, one.found, changes[one.found.service]),
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
    env: OpenEnvironment, found: FoundContainer, change: BaseChange
) -> Iterator[str]:
    for spec in (one for one in env.stack.databases if one.service == found.service):
        for old, new in _made_from(env, found, change):
            yield from older_server(found.service, spec.engine, old, new)
        if spec.name not in env.stack.state.databases:
            yield (
                f"{found.service}: its database {spec.name} is not named under `state.databases`, "
                "so no backup could be made before the change"
            )


def _made_from(
    env: OpenEnvironment, found: FoundContainer, change: BaseChange
) -> list[tuple[str, str]]:
    """The images whose tags say which server is old and new: of what is built here, those that it
    is made from."""
    before = bases_in(found.labels) or {change.old_image: ""}
    after = bases_in(env.images.labels(change.new_image) or {}) or {change.new_image: ""}
    return [*product(before, after)]


def _saved_volumes(env: OpenEnvironment, model: ComposeModel) -> list[str]:
    declared = declared_volumes(model, env.base_project, used_volumes(model, model["services"]))
    return [str(declared[key]["name"]) for key in env.stack.state.volumes if key in declared]


def _removed(env: OpenEnvironment, model: ComposeModel) -> tuple[str, ...]:
    """What runs in the base project and stands in no compose file any more."""
    there = {
        one.service for one in env.by_hand.containers_of(env.base_project) if one.state == "running"
    }
    return tuple(sorted(there - model["services"].keys()))

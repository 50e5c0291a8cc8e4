"""From a version to images: resolve it, build from a clean export what is built here, pin by
digest."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import NamedTuple

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import is_retryable, without_secrets
from tasks.plan.found_images import look_up_images
from tasks.plan.further import further_commits
from tidegate.errors import ConfigError, StackFileError, VersionError
from tidegate.plan.image_labels import release_labels
from tidegate.ports import SourceRepository
from tidegate.secrecy.plain_values import holds_secret
from tidegate.secrecy.redaction import redact
from tidegate.stack.recipes import Recipe, build_faults, recipe_of
from tidegate.stack.services import Service
from tidegate.stack.tags import typed_tag
from tidegate.versions import Commit, Version, short_id

BUILD_SECONDS = 1800


@task(
    task_run_name="resolve version {wanted}",
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def resolve_version(env: OpenEnvironment, wanted: str) -> Version:
    """What a typed version means: its commit in each repository, and the images that are not built
    here.

    Needs: the stack's git repositories, the registries. Leaves: refreshed mirrors under
    `home/sources`. Again: the same answer, unless a tag was moved or a branch went on. Undo:
    nothing to undo.
    """
    name, commit = _name_of(env, wanted)
    version = Version(name, commit, further=further_commits(env, name, commit))
    with without_secrets(env.redactor):
        version = replace(version, images=look_up_images(env, version))
    get_run_logger().info(
        "%s is %s: %s", wanted, short_id(version.id), commit.subject if commit else "images alone"
    )
    return version


def _name_of(env: OpenEnvironment, wanted: str) -> tuple[str, Commit | None]:
    if env.source is None:
        return typed_tag(wanted), None
    return env.source.resolve(wanted)


@task(
    task_run_name="build images of {version.name}",
    retries=1,
    retry_delay_seconds=[5],
    retry_condition_fn=is_retryable,
    timeout_seconds=BUILD_SECONDS,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def build_images(env: OpenEnvironment, version: Version) -> dict[str, str]:
    """One image per released service, pinned: `service -> repo@sha256:...`, or the image id where
    there is no registry.

    Needs: the commit in the mirror. Leaves: labelled images, pushed where there is a registry;
    those that are not built here, pulled. Again: an image with the same commit and inputs is found
    and not built again. Undo: images are kept.
    """
    with without_secrets(env.redactor):
        refuse_faulty_builds(env)
        for pin in version.images.values():
            env.images.ensure(pin)
        return {service.name: _pin(env, version, service) for service in env.stack.services}


def _pin(env: OpenEnvironment, version: Version, service: Service) -> str:
    if service.image is None:
        return env.images.as_named(env.model()["services"][service.name]["image"])
    if not service.is_built:
        return version.images[service.name]
    return env.images.publish(_image_of(env, version, service), service.image, version.name)


def _image_of(env: OpenEnvironment, version: Version, service: Service) -> str:
    """What is built of a commit, once."""
    recipe = recipe_of(env.model(), env.stack, service.name, declared_arguments(env))
    code = code_of(env, version, recipe)
    recipe = recipe.with_arguments(VERSION=version.name, COMMIT=code.commit.sha)
    inputs = hashlib.sha256(recipe.inputs.encode()).hexdigest()
    image = env.images.find(env.stack.name, code.commit.sha, inputs)
    if image:
        get_run_logger().info(
            "%s: the image %s of this commit exists, not built again", service.name, image[:19]
        )
    else:
        image = built(env, version.name, code, f"{service.image}:{version.name}", recipe, inputs)
    return image


class Code(NamedTuple):
    """What is built from."""

    source: SourceRepository
    commit: Commit


def code_of(env: OpenEnvironment, version: Version, recipe: Recipe) -> Code:
    """Raises VersionError where there is none: the stack file names the repository only since
    then."""
    source, commit = repository_of(env, recipe), version.commits.get(recipe.repository)
    if source is None or commit is None:
        raise VersionError(
            f"building {recipe.service} of {env.stack.name} {version.name}",
            f"it has no commit of {recipe.repository or 'a repository'}",
            "Release a version with the stack file as it is now first",
        )
    return Code(source, commit)


def repository_of(env: OpenEnvironment, recipe: Recipe) -> SourceRepository | None:
    """Raises VersionError where the stack file of now names it no more."""
    if not recipe.repository:
        return env.source
    if (found := env.further.get(recipe.repository)) is None:
        raise VersionError(
            f"looking for what {recipe.service} of {env.stack.name} is built from",
            f"stack.yaml names no `source.further.{recipe.repository}` any more",
            "Name it again, or release a version with the stack file as it is now",
        )
    return found


def built(
    env: OpenEnvironment, version: str, code: Code, name: str, recipe: Recipe, inputs: str
) -> str:
    """The id of an image that is built from the commit, and called `name`."""
    log = get_run_logger()
    labels = release_labels(
        env.stack.name,
        env.stack.title,
        version,
        code.commit,
        redact(env.stack.built_from.repository_of(recipe.repository)),
        inputs,
    )
    with tempfile.TemporaryDirectory(prefix="tidegate-build-") as folder:
        elsewhere = code.source.export(code.commit.sha, Path(folder))
        env.builder.refuse_left_out(recipe, Path(folder), elsewhere, f"building {name}")
        image = env.builder.build(
            recipe,
            Path(folder),
            tag=name,
            labels=labels,
            secrets=_secrets(env, recipe),
            tell=lambda line: log.info("%s", env.redactor.redact(line)),
        )
    log.info("%s: built %s from commit %s", recipe.service, image[:19], code.commit.sha[:12])
    return image


def _secrets(env: OpenEnvironment, recipe: Recipe) -> dict[str, str]:
    """What the compose file's secrets take from the environment, and no other key of it."""
    named = [one["environment"] for one in recipe.secrets.values() if "environment" in one]
    if missing := [key for key in named if key not in env.values]:
        raise ConfigError(
            f"reading the build secrets of {recipe.service}",
            f"no value for {', '.join(missing)}",
            f"Set it in {env.config.env_file}",
        )
    return {key: env.values[key] for key in named}


def refuse_faulty_builds(env: OpenEnvironment) -> None:
    """Raises ConfigError for an argument of the stack file, StackFileError for the compose
    files."""
    declared_arguments(env)
    if faults := build_faults(env.model(), env.stack, env.values, env.config.secrets):
        raise StackFileError(
            f"reading what is built for {env.stack.name} {env.name}",
            "; ".join(faults),
            "Correct `build:` in the compose files; or let others build the image, and say its "
            "`tag` in stack.yaml",
        )


def declared_arguments(env: OpenEnvironment) -> dict[str, str]:
    """The stack file's build arguments, with the env file's values put in. Raises ConfigError."""
    said = env.stack.source.build_args if env.stack.source else {}
    return {name: _filled(env, name, Template(value)) for name, value in said.items()}


def _filled(env: OpenEnvironment, name: str, template: Template) -> str:
    """Raises ConfigError for a key without a value, and for a secret: build arguments stay readable
    in the image."""
    doing, keys = (
        f"reading source.build_args.{name} of {env.stack.name}",
        template.get_identifiers(),
    )
    secret = [
        key
        for key in keys
        if key in env.config.secrets or holds_secret(key, env.values.get(key, ""))
    ]
    if secret := secret or [name] * holds_secret(name, template.template):
        raise ConfigError(
            doing,
            f"{', '.join(secret)} is a secret, and whoever has the image could read it",
            "Take it out; the application gets its secrets from its environment",
        )
    if missing := [key for key in keys if key not in env.values]:
        raise ConfigError(
            doing, f"no value for {', '.join(missing)}", f"Set it in {env.config.env_file}"
        )
    try:
        return template.substitute(env.values)
    except ValueError:
        raise ConfigError(doing, "a `$` in it begins no name", "Write `$` itself as `$$`") from None

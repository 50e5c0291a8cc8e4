"""From a version to images: resolve the commit, build from a clean export, pin by digest."""

from __future__ import annotations

import tempfile
from pathlib import Path
from string import Template

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from blocks.images import release_labels
from tasks.step import is_retryable
from tasks.work import OpenEnvironment
from tidegate.errors import ConfigError
from tidegate.facts import Version
from tidegate.plain_values import holds_secret
from tidegate.redaction import redact
from tidegate.stackfile import Service

BUILD_SECONDS = 1800


@task(task_run_name="resolve version {wanted}", retries=2, retry_delay_seconds=[1, 5], retry_condition_fn=is_retryable,
      timeout_seconds=300, cache_policy=NO_CACHE, persist_result=False)
def resolve_version(env: OpenEnvironment, wanted: str) -> Version:
    """The commit that a typed version means.

    Needs: the stack's git repository. Leaves: a refreshed mirror under `home/sources`.
    Again: the same answer, unless a tag was moved. Undo: nothing to undo.
    """
    version = env.source.resolve(wanted)
    get_run_logger().info("%s is commit %s: %s", wanted, version.commit.sha[:12], version.commit.subject)
    return version


@task(task_run_name="build images of {version.name}", retries=1, retry_delay_seconds=[5], retry_condition_fn=is_retryable,
      timeout_seconds=BUILD_SECONDS, cache_policy=NO_CACHE, persist_result=False)
def build_images(env: OpenEnvironment, version: Version) -> dict[str, str]:
    """One image per released service, pinned: `service -> repo@sha256:...`, or the image id where there is no registry.

    Needs: the commit in the mirror. Leaves: labelled images, pushed where there is a registry.
    Again: an image with the same commit and inputs is found and not built again. Undo: images are kept.
    """
    return {service.name: _pin(env, version, service) for service in env.stack.services}


def _pin(env: OpenEnvironment, version: Version, service: Service) -> str:
    with tempfile.TemporaryDirectory(prefix="tidegate-build-") as folder:
        env.source.export(version.commit.sha, Path(folder))
        image = _image(env, version, service, Path(folder))
    return env.registry.push(env.host, image, service.image, version.name) if env.registry else image


def _image(env: OpenEnvironment, version: Version, service: Service, exported: Path) -> str:
    source, arguments = env.stack.source, _build_arguments(env, version)
    for path in (source.dockerfile, source.context):
        _refuse_outside(exported, path)
    inputs = env.images.inputs(exported, source.dockerfile, source.context, arguments)
    if image := env.images.find(env.stack.name, version.commit.sha, inputs):
        get_run_logger().info("%s: the image %s of this commit exists, not built again", service.name, image[:19])
        return image
    image = env.images.build(
        exported / source.context, str(exported / source.dockerfile), tags=[f"{service.image}:{version.name}"],
        labels=release_labels(env.stack.name, env.stack.title, version, redact(source.repository), inputs), build_args=arguments)
    get_run_logger().info("%s: built %s from commit %s", service.name, image[:19], version.commit.sha[:12])
    return image


def _refuse_outside(exported: Path, path: str) -> None:
    """A link in a commit could lead to a file of the worker."""
    if not (exported / path).resolve().is_relative_to(exported.resolve()):
        raise ConfigError("reading the files of the commit", f"{path} leads out of them", "Take the link out of the repository")


def _build_arguments(env: OpenEnvironment, version: Version) -> dict[str, str]:
    return {**declared_arguments(env), "VERSION": version.name, "COMMIT": version.commit.sha}


def declared_arguments(env: OpenEnvironment) -> dict[str, str]:
    """The stack file's build arguments, with the env file's values put in. Raises ConfigError."""
    return {name: _filled(env, name, Template(value)) for name, value in env.stack.source.build_args.items()}


def _filled(env: OpenEnvironment, name: str, template: Template) -> str:
    """Raises ConfigError for a key without a value, and for a secret: build arguments stay readable in the image."""
    doing, keys = f"reading source.build_args.{name} of {env.stack.name}", template.get_identifiers()
    secret = [key for key in keys if key in env.config.secrets or holds_secret(key, env.values.get(key, ""))]
    if secret := secret or [name] * holds_secret(name, template.template):
        raise ConfigError(doing, f"{', '.join(secret)} is a secret, and whoever has the image could read it",
                          "Take it out; the application gets its secrets from its environment")
    if missing := [key for key in keys if key not in env.values]:
        raise ConfigError(doing, f"no value for {', '.join(missing)}", f"Set it in {env.config.env_file}")
    try:
        return template.substitute(env.values)
    except ValueError:
        raise ConfigError(doing, "a `$` in it begins no name", "Write `$` itself as `$$`") from None

"""Images that are not built here: each tag is looked up once, and from then on its digest is what
goes on."""

from __future__ import annotations

from collections.abc import Iterator

from prefect import get_run_logger

from tasks.frame.deployments import opened_by_this_run
from tasks.frame.environments import root_of
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import seals
from tidegate.errors import ImageError, RegistryError
from tidegate.ledger.tables import Deployment
from tidegate.stack.file import Stack
from tidegate.stack.services import Service
from tidegate.stack.tags import tag_of
from tidegate.versions import Version, is_commit

HOST_ONLY = "never"
"""Compose's `pull_policy` of an image that no registry has."""


def look_up_images(env: OpenEnvironment, version: Version) -> dict[str, str]:
    """Service -> pin, of those that are not built here; `version` knows its commits already.

    What this run, or the environment before, has of this version already is not looked up again: a
    tag may have been moved since. Raises RegistryError, ImageError, VersionError.
    """
    known = _known(env, version)
    return {
        service.name: known.get(service.name)
        or _looked_up(env, service, tag_of(service.tag, version.name, version.commit))
        for service in env.stack.services
        if service.tag is not None
    }


def is_on_host_only(env: OpenEnvironment, service: str) -> bool:
    """Whether the compose files say that no registry is asked for its image."""
    return bool(env.model()["services"].get(service, {}).get("pull_policy") == HOST_ONLY)


def _looked_up(env: OpenEnvironment, service: Service, tag: str) -> str:
    reference = f"{service.image}:{tag}"
    pin = (
        _on_host(env, service, reference)
        if is_on_host_only(env, service.name)
        else _in_registry(env, reference)
    )
    get_run_logger().info("%s: %s is %s", service.name, reference, pin)
    return pin


def _on_host(env: OpenEnvironment, service: Service, reference: str) -> str:
    if image := env.images.id_of(reference):
        return image
    raise ImageError(
        f"looking for {reference} on the host {env.config.host!r}",
        f"it is not there, and the compose files say `pull_policy: {HOST_ONLY}` for {service.name}",
        "Load it there, or let it be pulled",
    )


def _in_registry(env: OpenEnvironment, reference: str) -> str:
    """A registry that does not answer is no reason to take what lies on the host: nobody knows
    whether it is the same."""
    try:
        return env.images.look_up(reference)
    except RegistryError as error:
        if not error.retryable or env.images.id_of(reference) is None:
            raise
        raise RegistryError(
            error.doing,
            f"{error.came_back}; the host has an image of that name, and nobody knows whether "
            "it is the one that the registry has",
            f"{error.to_do}. If no registry has it, say "
            f"`pull_policy: {HOST_ONLY}` in the compose files",
            retryable=True,
        ) from None


def _known(env: OpenEnvironment, version: Version) -> dict[str, str]:
    """The pins of the newest deployment that stands for this version, where the stack file said the
    same."""
    for deployment in standing_deployments(env):
        same = (
            deployment.commit == version.id if version.commit else not is_commit(deployment.commit)
        )
        if same and deployment.version == version.name and (found := _pins(env, deployment)):
            get_run_logger().info(
                "%s: as %s #%d has it, and not looked up again",
                version.name,
                deployment.environment,
                deployment.number,
            )
            return found
    return {}


def standing_deployments(env: OpenEnvironment) -> Iterator[Deployment]:
    """Those that may stand for the version that is asked for: this run's own, and what the
    environment before serves."""
    yield from opened_by_this_run(env)[:1]
    before = env.stack.before(env.name)
    if before and (serving := env.ledger.deployments.current(env.stack.name, before)):
        yield serving


def stack_of(env: OpenEnvironment, deployment: Deployment) -> Stack | None:
    """The stack file that it was planned with; None where that was not kept."""
    seal = seals(env.settings).read(root_of(env.ledger, deployment).id)
    return seal.stack if seal else None


def _pins(env: OpenEnvironment, deployment: Deployment) -> dict[str, str]:
    """Of the services whose image was found then as it would be found now."""
    stack = stack_of(env, deployment)
    then = {one.name: (one.image, one.tag) for one in stack.services} if stack else {}
    return {
        one.name: pin
        for one in env.stack.services
        if not one.is_built
        and then.get(one.name) == (one.image, one.tag)
        and (pin := deployment.release.images.get(one.name))
        and ("@" not in pin) == is_on_host_only(env, one.name)
    }

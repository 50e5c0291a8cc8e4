"""Images of base services that are built here: from which version, and whether what runs was built
from the same files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tasks.data.base import missing_services
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.plan.builds import BUILD_SECONDS, built, code_of, repository_of
from tidegate.errors import VersionError
from tidegate.ledger.tables import Deployment
from tidegate.plan.image_labels import INPUTS_LABEL, STACK_LABEL
from tidegate.plan.occupancy import BASE_LABEL
from tidegate.plan.targets import origin_of
from tidegate.stack.base_builds import inputs_of, places_of
from tidegate.stack.recipes import Recipe, base_sections, recipe_of
from tidegate.versions import Version, recorded, short_id

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def builds_base(env: OpenEnvironment) -> bool:
    """Whether a base service is built here."""
    return bool(base_sections(env.model(), env.stack))


@step("build-base-images", timeout_seconds=BUILD_SECONDS, retry_delays=(5,))
def build_base_images(work: Work) -> Evidence:
    """Build the images of base services that start for the first time.

    Needs: the commit in the mirror. Leaves: labelled images. Again: those with the same inputs are
    found and not built again. Undo: images are kept.
    """
    env = work.env
    missing = {*missing_services(env, env.model())} & base_sections(env.model(), env.stack).keys()
    return {"images": {name: image_of(env, work.version, name) for name in sorted(missing)}}


def image_of(env: OpenEnvironment, version: Version, service: str) -> str:
    """The id of the image of a base service as `version` has its files: found, or built now."""
    recipe = _recipe(env, service)
    code = code_of(env, version, recipe)
    inputs = _inputs(env, recipe, code.commit.sha)
    name = _NOT_IN_A_NAME.sub("-", f"{env.stack.name}-{service}".lower()).strip("-")
    return env.images.find(env.stack.name, None, inputs) or built(
        env, version.name, code, f"tidegate-base/{name}:{short_id(inputs)}", recipe, inputs
    )


def version_of_base(env: OpenEnvironment) -> Version | None:
    """The version whose files say how base services are built: the one that serves, as it was first
    released, or the one that served at the last change of the base, whichever is newer. So a
    rollback asks for no older image. None where nothing serves, or has no commit."""
    history = env.ledger.deployments.history(env.stack.name, env.name)
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    if serving is None:
        return None
    first = origin_of(serving, {one.id: one for one in history})
    changed = [one for one in history if one.kind == "base" and one.was_good]
    return _version(max([first, *changed], key=lambda one: one.number))


def built_otherwise(
    env: OpenEnvironment, there: Mapping[str, Mapping[str, str]], version: Version | None
) -> set[str]:
    """The base services that `version` would build otherwise. `there` are those that run, each with
    the labels of its container, which has those of its image."""
    built_here = base_sections(env.model(), env.stack).keys() & there.keys()
    if not built_here or version is None:
        return set()
    wanted = {name: _inputs_in(env, name, version) for name in built_here}
    return {
        name
        for name, inputs in wanted.items()
        if inputs is not None and _built_with(env, name, there[name]) not in (None, inputs)
    }


def is_built_here(env: OpenEnvironment, labels: Mapping[str, str]) -> bool:
    """Whether Tidegate built the image of the container that has these labels."""
    return labels.get(STACK_LABEL) == env.stack.name and INPUTS_LABEL in labels


def _built_with(env: OpenEnvironment, service: str, labels: Mapping[str, str]) -> str | None:
    """The inputs of what runs; empty where Tidegate started an image that was not built here. What
    people started by hand counts as built from the first version that is known here; None where
    there is no such version, or its commit is gone."""
    if is_built_here(env, labels) or BASE_LABEL in labels:
        return labels.get(INPUTS_LABEL, "")
    history = env.ledger.deployments.history(env.stack.name, env.name)
    known = (_version(one) for one in reversed(history) if one.was_good)
    first = next((one for one in known if one.commit), None)
    try:
        return _inputs_in(env, service, first) if first else None
    except VersionError:  # its branch was rewritten since
        return None


def _inputs_in(env: OpenEnvironment, service: str, version: Version) -> str | None:
    """What `version` would build it with; None where it has no commit of that repository."""
    recipe = _recipe(env, service)
    commit = version.commits.get(recipe.repository)
    return _inputs(env, recipe, commit.sha) if commit else None


def _inputs(env: OpenEnvironment, recipe: Recipe, sha: str) -> str:
    source = repository_of(env, recipe)
    if source is None:  # then nothing is built here
        return ""
    files = source.files(sha, places_of(recipe))
    text = str(recipe.settings.get("dockerfile_inline", ""))
    if recipe.dockerfile in files:
        text = source.text(sha, recipe.dockerfile)
    return inputs_of(recipe, files, text)


def _recipe(env: OpenEnvironment, service: str) -> Recipe:
    """Without our own arguments: a version's name would make each one another image."""
    return recipe_of(env.model(), env.stack, service, {})


def _version(deployment: Deployment) -> Version:
    release = deployment.release
    return recorded(release.version, release.commit, release.images, release.created_at)

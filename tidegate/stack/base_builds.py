"""Images of base services that are built here, and by what it is seen that one would be another:
its recipe, and the files of the commit that it is given."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Collection, Iterator, Mapping

from tidegate.facts import ComposeModel
from tidegate.stack.dockerfile_sources import ALL, copied
from tidegate.stack.recipes import Recipe

_IGNORE = ".dockerignore"


def with_images(model: ComposeModel, images: Mapping[str, str]) -> ComposeModel:
    """The model in which these services have these images."""
    services = {
        name: {**service, "image": images[name]} if name in images else service
        for name, service in model["services"].items()
    }
    return {**model, "services": services}


def places_of(recipe: Recipe) -> list[str]:
    """Every place of the repository that decides the image: folders, and files beside them."""
    return [*recipe.folders(), *_beside(recipe)]


def inputs_of(recipe: Recipe, files: Mapping[str, str], dockerfile: str) -> str:
    """SHA-256 over all that makes the image of one base service, whichever commit has it; 64 hex
    digits.

    `files` are those of `places_of` in the commit, path -> id of the content; `dockerfile` is the
    text of its Dockerfile.
    """
    given = {path: files[path] for path in sorted(_given(recipe, files, dockerfile))}
    decides = json.dumps([recipe.inputs, given], sort_keys=True)
    return hashlib.sha256(decides.encode()).hexdigest()


def _given(recipe: Recipe, files: Collection[str], dockerfile: str) -> Iterator[str]:
    """What other Dockerfiles copy out of a large context is no part of it."""
    context, *others = recipe.folders()
    places = [*others, *_beside(recipe), _inside(context, _IGNORE)]
    places += [_inside(context, one) for one in copied(dockerfile)]
    yield from (path for path in files if any(_is_in(path, place) for place in places))


def _beside(recipe: Recipe) -> list[str]:
    file = recipe.dockerfile
    return [file, f"{file}{_IGNORE}"] if file else []


def _inside(folder: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(folder, name))


def _is_in(path: str, place: str) -> bool:
    return place == ALL or path == place or path.startswith(f"{place}/")

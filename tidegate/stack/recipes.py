"""What is built for one service: its `build:` section, every path inside one repository.

`build: ./web` in the compose file means the folder `web` of the commit, and never one that lies
beside the stack file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.secrecy.plain_values import SHORTEST, holds_secret, is_plain, secret_parts
from tidegate.stack.build_places import (
    IMAGE_CONTEXT,
    context_of,
    dockerfile_of,
    further_folder_faults,
    other_contexts,
    place_faults,
    place_of,
)
from tidegate.stack.file import Stack
from tidegate.versions import MAIN

_LEFT_OUT = ("tags", "cache_from", "cache_to", "context", "dockerfile", "additional_contexts")
"""Paths have fields of their own. Outputs and caches do not change what is built."""
_ASKED_FOR = ("secrets", "ssh")
"""Names of what a build is given, not its values."""
_READABLE = "and whoever has the image could read it; use a build secret"


@dataclass(frozen=True)
class Recipe:
    """How the image of one service is built. All paths are relative to its repository's root."""

    service: str
    context: str
    dockerfile: str
    """Empty where the text of the Dockerfile stands in the compose file."""
    contexts: Mapping[str, str]
    """`additional_contexts`: a path, or `docker-image://NAME`."""
    settings: Mapping[str, Any]
    """The rest of the section, as compose reads it: `target`, `args`, `platforms` and so on."""
    secrets: Mapping[str, Any]
    """The compose file's own `secrets` that the build asks for."""
    platform: str = ""
    repository: str = MAIN
    """The name of the one whose commit it is built from."""

    @property
    def inputs(self) -> str:
        """What decides the image beside the commit and the base images, as one text without
        secrets."""
        decides = [
            self.context,
            self.dockerfile,
            dict(self.contexts),
            dict(self.settings),
            self.platform,
            *filter(None, [self.repository]),
        ]
        return json.dumps(decides, sort_keys=True)

    def with_arguments(self, **args: str) -> Recipe:
        """With these build arguments, whatever else they were set to."""
        laid_over = {**self.settings.get("args", {}), **args}
        return replace(self, settings={**self.settings, "args": laid_over})

    def folders(self) -> list[str]:
        """The folders of the repository that the build is given."""
        others = (path for path in self.contexts.values() if not path.startswith(IMAGE_CONTEXT))
        return [self.context, *others]


def recipe_of(model: ComposeModel, stack: Stack, service: str, args: Mapping[str, str]) -> Recipe:
    """What is built for `service`; `args` are laid over those of the compose file.

    Look at `build_faults` before.
    """
    said = {**base_sections(model, stack), **sections_of(model, stack)}[service]
    context, dockerfile = context_of(said, stack), dockerfile_of(said, stack)
    return Recipe(
        service=service,
        repository=context.repository,
        context=context.path,
        dockerfile=dockerfile.path if dockerfile else "",
        contexts={
            name: place if place.startswith(IMAGE_CONTEXT) else place_of(place, stack).path
            for name, place in other_contexts(said).items()
        },
        settings={
            **{key: value for key, value in said.items() if key not in _LEFT_OUT},
            "args": {**(said.get("args") or {}), **args},
        },
        secrets={
            one["source"]: model["secrets"][one["source"]] for one in said.get("secrets") or ()
        },
        platform=model["services"].get(service, {}).get("platform") or "",
    )


def sections_of(model: ComposeModel, stack: Stack) -> dict[str, Mapping[str, Any]]:
    """The `build:` section of each service that is built here; empty where `source.dockerfile` says
    it.

    A service without one has that of another service whose image it shares: a worker of the web's
    image.
    """
    own = {
        one.name: model["services"].get(one.name, {}).get("build") or {}
        for one in stack.services
        if one.is_built
    }
    shared = {one.image: own[one.name] for one in reversed(stack.services) if own.get(one.name)}
    return {
        one.name: own[one.name] or shared.get(one.image, {})
        for one in stack.services
        if one.is_built
    }


def base_sections(model: ComposeModel, stack: Stack) -> dict[str, Mapping[str, Any]]:
    """The `build:` section of each base service that is only built; none without a repository to
    build it from."""
    released = {one.name for one in stack.services}
    return {
        name: service["build"]
        for name, service in sorted(model["services"].items())
        if stack.source and name not in released and only_built(service)
    }


def only_built(service: Mapping[str, Any]) -> bool:
    """Where compose files name an image with a tag too, that one is used as it is. A name without a
    tag is only what `docker compose build` calls its result."""
    return bool(service.get("build")) and not _has_tag(service.get("image") or "")


def _has_tag(image: str) -> bool:
    return "@" in image or ":" in image.rpartition("/")[2]


def build_faults(
    model: ComposeModel, stack: Stack, values: Mapping[str, str], secret_keys: Collection[str]
) -> list[str]:
    """One text per fault under `build:` of what is built here: what is not of the commit, and
    secrets."""
    faults = [*further_folder_faults(stack)]
    built = sections_of(model, stack)
    for name in (*built, *base_sections(model, stack)):
        if said := model["services"].get(name, {}).get("build"):
            faults += [
                f"services.{name}.build.{fault}"
                for fault in (
                    *place_faults(said, stack),
                    *_secret_faults(said, values, secret_keys),
                )
            ]
    if stack.source and all(built.values()) and "dockerfile" in stack.source.model_fields_set:
        says = "the compose file says what is built" if built else "no image is built here"
        faults.append(f"source.dockerfile in stack.yaml: {says}; take it out")
    return faults or [*_one_name_faults(model, stack, built), *_one_file_faults(stack, built)]


def _one_name_faults(
    model: ComposeModel, stack: Stack, built: Mapping[str, object]
) -> Iterator[str]:
    """One name is one image: of two that are built, one service would run the other one's."""
    first: dict[str, str] = {}
    for one in stack.services:
        if (
            one.image
            and one.name in built
            and (other := first.setdefault(one.image, one.name)) != one.name
        ):
            mine, theirs = (recipe_of(model, stack, name, {}) for name in (one.name, other))
            if mine.inputs != theirs.inputs:
                yield (
                    f"services.{one.name}.build: differs from that of {other}, "
                    f"and stack.yaml calls both images {one.image}; give each its own name"
                )


def _one_file_faults(stack: Stack, built: Mapping[str, object]) -> Iterator[str]:
    """A Dockerfile that nobody has named makes one image, not several."""
    unsaid = {
        one.image: one.name for one in stack.services if one.name in built and not built[one.name]
    }
    if len(unsaid) > 1 and "dockerfile" not in stack.built_from.model_fields_set:
        yield (
            f"services.{', '.join(unsaid.values())}: nothing says how each of these images "
            "is built; say it under `build:`, or give `tag` where it is not built here, "
            "or `source.dockerfile` if all of them are built by it"
        )


def _secret_faults(
    said: Mapping[str, Any], values: Mapping[str, str], secret_keys: Collection[str]
) -> Iterator[str]:
    """Whoever has the image can read its build arguments and labels."""
    secrets = {
        part: key
        for key, value in values.items()
        if key in secret_keys or holds_secret(key, value)
        for part in {value, *secret_parts(value)}
        if len(part.strip()) >= SHORTEST and not is_plain("", part)
    }
    named = {
        f"{part}.{name}": str(value or "")
        for part in ("args", "labels")
        for name, value in (said.get(part) or {}).items()
    }
    for name, value in named.items():
        if holds_secret(name.partition(".")[2], value):
            yield f"{name}: is a secret, {_READABLE}"
    for where, text in _texts({key: value for key, value in said.items() if key not in _ASKED_FOR}):
        if found := sorted({key for part, key in secrets.items() if part in text}):
            yield f"{where}: holds the value of {', '.join(found)}, {_READABLE}"


def _texts(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, Mapping):
        for name, inner in tree.items():
            yield from _texts(inner, f"{path}.{name}" if path else name)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _texts(inner, path)

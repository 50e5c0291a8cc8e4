"""Where a path under `build:` leads: into which repository, and to which path of it.

The stack's folder stands for a folder of its own repository, `source.context`, and the `folder` of
a further repository stands for the root of that one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tidegate.stack.file import Stack
from tidegate.versions import MAIN

IMAGE_CONTEXT = "docker-image://"


class Place(NamedTuple):
    """A path from the root of a repository."""

    repository: str
    path: str

    @property
    def is_outside(self) -> bool:
        return self.path.startswith(("..", "/")) and Path(self.path).parts[0] in ("..", "/")


def place_of(path: str, stack: Stack) -> Place:
    """Of a path that compose made absolute; of several folders that hold it, the innermost
    counts."""
    holding = [
        (name, folder) for name, folder in further_folders(stack).items() if _holds(folder, path)
    ]
    if holding:
        name, folder = max(holding, key=lambda one: len(one[1]))
        return Place(name, os.path.relpath(path, folder))
    relative = os.path.relpath(path, stack.folder)
    return Place(MAIN, os.path.normpath(os.path.join(stack.built_from.context, relative)))


def context_of(said: Mapping[str, Any], stack: Stack) -> Place:
    """Of a `build:` section, which is empty where the stack file says it."""
    return place_of(said.get("context", str(stack.folder)), stack)


def dockerfile_of(said: Mapping[str, Any], stack: Stack) -> Place | None:
    """None where its text stands in the compose file."""
    context = context_of(said, stack)
    if "dockerfile_inline" in said:
        return None
    if not said:
        return Place(MAIN, os.path.normpath(stack.built_from.dockerfile))
    written = said.get("dockerfile", "Dockerfile")
    if written.startswith("/"):
        return place_of(written, stack)
    place = context._replace(path=os.path.normpath(os.path.join(context.path, written)))
    if place.is_outside:
        return place
    folder = said.get("context", str(stack.folder))
    return place_of(os.path.normpath(os.path.join(folder, written)), stack)


def other_contexts(said: Mapping[str, Any]) -> dict[str, str]:
    """`additional_contexts`: name -> what is said of it."""
    return dict(said.get("additional_contexts") or {})


def place_faults(said: Mapping[str, Any], stack: Stack) -> Iterator[str]:
    """What of a `build:` section is not of the commit that its image is built from."""
    others = {
        f"additional_contexts.{name}": place
        for name, place in other_contexts(said).items()
        if not place.startswith(IMAGE_CONTEXT)
    }
    known = {where: path for where, path in {"context": said["context"], **others}.items()}
    for where, path in known.items():
        if not path.startswith("/"):
            yield f"{where}: {path} is not in the commit; give a folder of the repository"
        elif place_of(path, stack).is_outside:
            yield (
                f"{where}: leads out of the repository, of which the stack's folder is "
                f"{stack.built_from.context!r}; if it is of another repository, name that one "
                "under `source.further` in stack.yaml"
            )
    places = {where: place_of(path, stack) for where, path in known.items() if path[:1] == "/"}
    if dockerfile := dockerfile_of(said, stack):
        places["dockerfile"] = dockerfile
        if dockerfile.is_outside:
            yield "dockerfile: leads out of the repository"
    if len({place.repository for place in places.values()}) > 1:
        told = " and ".join(
            f"`{where}` in {place.repository or 'that of `source`'}"
            for where, place in places.items()
        )
        yield f"{told}: one image is built from one repository alone"


def further_folder_faults(stack: Stack) -> Iterator[str]:
    """Folders of further repositories that would take the place of the stack's own."""
    for name, folder in further_folders(stack).items():
        if _holds(folder, str(stack.folder)):
            yield (
                f"source.further.{name}.folder in stack.yaml: the stack file's own folder lies in "
                "it; say the folder of this repository alone, such as ../shop-frontend"
            )


def further_folders(stack: Stack) -> dict[str, str]:
    """Name of a further repository -> where the compose files look for it."""
    further = stack.source.further if stack.source else {}
    return {
        name: os.path.normpath(os.path.join(stack.folder, one.folder))
        for name, one in further.items()
    }


def _holds(folder: str, path: str) -> bool:
    return Path(path).is_relative_to(folder)

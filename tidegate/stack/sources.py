"""What a stack file says of the repositories that images are built from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydantic import Field

from tidegate.stack.data import twice
from tidegate.stack.formats import (
    Branch,
    EnvKey,
    FolderBeside,
    Line,
    Name,
    Part,
    RelativePath,
    Repository,
)


class FurtherSource(Part):
    """Another repository that images of this stack are built from."""

    repository: Repository = Field(
        description="Git URL, or a path relative to the stack file's folder."
    )
    folder: FolderBeside = Field(
        description="Where the compose files look for it, relative to the stack file's folder, "
        "such as `../shop-frontend`: a path under `build:` that leads there is a path of this "
        "repository. It need not be there."
    )
    branch: Branch | None = Field(
        None,
        description="Whose newest commit is meant where the repository has no tag of the "
        "version's name. Without it, such a version is refused.",
    )


class Source(Part):
    """Where the commits come from and how an image is built from one."""

    repository: Repository = Field(
        description="Git URL, or a path relative to the stack file's folder."
    )
    branch: Branch = Field(
        "main", description="A commit must be reachable from this branch or a tag to be released."
    )
    dockerfile: RelativePath = Field(
        "Dockerfile",
        description="Path of the Dockerfile inside the repository; for services "
        "without `build:` in the compose files.",
    )
    context: RelativePath = Field(
        ".",
        description="The folder of the repository that the stack's folder stands for: paths "
        "under `build:` begin there. Without `build:`, the build context.",
    )
    build_args: dict[EnvKey, Line] = Field(
        {}, description="Build arguments; `${NAME}` is taken from the env file."
    )
    further: dict[Name, FurtherSource] = Field(
        {},
        description="Other repositories that images are built from, each under a name of yours. "
        "A version is the tag of that name in each of them.",
    )

    def repository_of(self, name: str) -> str:
        """The address of a repository by its name; the stack's own is `MAIN`."""
        return self.further[name].repository if name in self.further else self.repository


def is_one_repository(one: str, other: str) -> bool:
    """One address may be written with `.git` at its end, or without."""
    return _same(one) == _same(other)


def further_faults(source: Source | None) -> Iterator[str]:
    """What the further repositories say that does not fit the others."""
    if source is None:
        return
    known = {_same(source.repository): "source"}
    for name, one in source.further.items():
        path = f"source.further.{name}"
        other = known.setdefault(_same(one.repository), path)
        if other != path:
            yield f"{path}.repository: is that of {other} already; one repository has one line"
    for folder in twice(map(_folder, source.further.values())):
        yield f"source.further: two of them have the folder {folder!r}"


def _same(repository: str) -> str:
    plain = repository.rstrip("/").removesuffix(".git")
    return plain if "://" in plain or "@" in plain else posixpath.normpath(plain)


def _folder(one: FurtherSource) -> str:
    return posixpath.normpath(one.folder)

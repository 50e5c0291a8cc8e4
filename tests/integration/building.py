"""Images built as a release builds them, from a folder that stands for the exported commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blocks.docker.builder import ImageBuilder
from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from blocks.docker.images import ImageStore
from tidegate.plan.image_labels import release_labels
from tidegate.stack.recipes import Recipe
from tidegate.versions import Commit, Version


def recipe(
    context: str = ".",
    dockerfile: str = "Dockerfile",
    secrets: Mapping[str, Any] = {},
    **settings: Any,
) -> Recipe:
    return Recipe(
        "web", context, dockerfile, settings.pop("additional_contexts", {}), settings, secrets
    )


def version(digit: str) -> Version:
    return Version(
        f"sha-{digit * 7}", Commit(digit * 40, "a change", "Dev", datetime(2026, 11, 1, tzinfo=UTC))
    )


def inputs_of(made: Recipe) -> str:
    return hashlib.sha256(made.inputs.encode()).hexdigest()


def builder(
    host: DockerHost, redact: Callable[[str], str] = str, seconds: float = 300
) -> ImageBuilder:
    return ImageBuilder(Compose(host, redact), ImageStore(host), seconds)


def build(
    made: ImageBuilder,
    exported: Path,
    stack: str,
    of: Version,
    how: Recipe | None = None,
    **more: Any,
) -> str:
    """The id of the image, which is called `<stack>:<version>`."""
    how = how or recipe()
    assert of.commit is not None
    labels = release_labels(
        stack, "Demo", of.name, of.commit, "https://example.com/app.git", inputs_of(how)
    )
    return made.build(
        how, exported, tag=f"{stack}:{of.name}", labels=labels, **{"secrets": {}, **more}
    )

"""Images built by BuildKit: compose gets the team's own `build:` section, our labels laid over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocks.docker.build_output import BuildOutput
from blocks.docker.compose import Compose
from blocks.docker.credential_helpers import missing_helper
from blocks.docker.engine_errors import engine_errors
from blocks.docker.images import ImageStore
from blocks.docker.left_out import refuse_left_out
from tidegate.errors import CapacityError, ConfigError, ImageError, TidegateError
from tidegate.facts import ComposeModel
from tidegate.plan.image_labels import BASES_LABEL
from tidegate.stack.build_places import IMAGE_CONTEXT
from tidegate.stack.recipes import Recipe

PROJECT = "tidegate_build"
"""Compose writes it into the image. No stack can have an environment of this name."""
_MOST_ATTEMPTS = 4
_NEW_ENGINE = 23
_ONLY_NEW = {  # what an older engine says to it
    "unknown instruction": "knows no heredocs (`RUN <<EOF`)",
    "frontend capability moby.buildkit.frontend.contexts": "knows no `additional_contexts`",
}
Labels = Mapping[str, str]


@dataclass(frozen=True)
class ImageBuilder:
    """Builds on the engine of `store`.

    Raises ImageError, RegistryError, CapacityError, ConfigError.
    """

    compose: Compose
    store: ImageStore
    build_timeout_seconds: float = 1800

    def refuse_left_out(
        self, recipe: Recipe, exported: Path, elsewhere: Mapping[str, str], doing: str
    ) -> None:
        """Raises ImageError for a path of `elsewhere` (path -> what it is) that the build would
        get."""
        refuse_left_out(recipe, exported, elsewhere, doing)

    def build(
        self,
        recipe: Recipe,
        exported: Path,
        *,
        tag: str,
        labels: Labels,
        secrets: Mapping[str, str],
        tell: Callable[[str], object] = lambda line: None,
    ) -> str:
        """Build from the exported files of a commit. Returns the id of the image, which is named
        `tag`.

        `secrets` are the environment variables that the recipe's secrets name. BuildKit says only
        while it builds which base images it uses. So the label that names them is put on by a
        second build, which has everything in its cache.
        """
        doing = f"building {tag}"
        _refuse_missing(recipe, exported, doing)
        bases: dict[str, str] | None = None
        made: str | None = None
        for _ in range(_MOST_ATTEMPTS):
            wanted = {**labels, BASES_LABEL: json.dumps(bases, sort_keys=True)}
            model = _model(recipe, exported, tag, wanted, again=bases is not None)
            output = self._run(model, recipe, secrets, doing, tell)
            before, made = made, self._made(output, tag)
            if before and before != made:
                self.store.remove(before)  # it had only another label
            fresh = bases is None and bool(recipe.settings.get("pull"))
            found = self._bases(output, fresh=fresh)
            if made and found == bases:
                self.store.verify(made, wanted, doing)
                return made
            bases = found
        raise ImageError(
            doing, "its base images change while it is built", "Build again", retryable=True
        )

    def _run(
        self,
        model: ComposeModel,
        recipe: Recipe,
        secrets: Mapping[str, str],
        doing: str,
        tell: Callable[[str], object],
    ) -> BuildOutput:
        """Raises for a build that failed, unless we may get base images that BuildKit could not."""
        output = BuildOutput()

        def hear(line: str) -> None:
            if told := output.hear(line):
                tell(told)

        try:
            output.code = self.compose.build(
                model,
                recipe.service,
                secrets,
                hear=hear,
                timeout_seconds=self.build_timeout_seconds,
            )
        except TimeoutError as error:
            raise self._failed(doing, str(error), output) from None
        if output.code and not any(self.store.id_of(name) is None for name in output.missing):
            raise self._failed(doing, f"BuildKit ended with {output.code}", output)
        return output

    def _made(self, output: BuildOutput, tag: str) -> str | None:
        return None if output.code else self.store.id_of(tag)

    def _bases(self, output: BuildOutput, *, fresh: bool) -> dict[str, str]:
        """Their ids on the engine. One that is not there is pulled, by its registry's account."""
        for name in output.bases:
            if fresh or name in output.missing or self.store.id_of(name) is None:
                self.store.pull(name)
        return {name: self.store.id_of(name) or "" for name in output.bases}

    def _failed(self, doing: str, said: str, output: BuildOutput) -> TidegateError:
        end = output.end
        if missing := missing_helper(doing, end):
            return missing
        if "no space left on device" in end.lower():
            return CapacityError(
                doing, "the disk of the Docker engine is full", "Remove images that nothing needs"
            )
        to_do = "Correct the Dockerfile or the code"
        lacks = next((what for said_so, what in _ONLY_NEW.items() if said_so in end), "")
        if lacks and (engine := self._too_old()):
            to_do += f". Docker Engine {engine} {lacks}: they need {_NEW_ENGINE} or newer"
        return ImageError(doing, self.compose.redact(f"{said}\n{end}"), to_do)

    def _too_old(self) -> str:
        with engine_errors("asking the engine for its version"):
            version = str(self.store.host.client.version()["Version"])
        return version if int(version.partition(".")[0]) < _NEW_ENGINE else ""


def _refuse_missing(recipe: Recipe, exported: Path, doing: str) -> None:
    """What is named must be there, and in the commit: a link could lead to a file of the worker."""
    for path in (*recipe.folders(), recipe.dockerfile):
        if not (exported / path).resolve().is_relative_to(exported.resolve()):
            raise ConfigError(
                "reading the files of the commit",
                f"{path} leads out of them",
                "Take the link out of the repository",
            )
    to_do = "Correct `build:` in the compose file, or `source` in stack.yaml"
    if lost := [path for path in recipe.folders() if not (exported / path).is_dir()]:
        raise ImageError(doing, f"the commit has no folder {lost[0]}", to_do)
    if recipe.dockerfile and not (exported / recipe.dockerfile).is_file():
        raise ImageError(doing, f"the commit has no {recipe.dockerfile}", to_do)


def _model(
    recipe: Recipe, exported: Path, tag: str, labels: Labels, *, again: bool
) -> ComposeModel:
    """`pull` was obeyed by us, and `no_cache` the first time."""
    obeyed = ("pull", "no_cache") if again else ("pull",)
    settings = {key: value for key, value in recipe.settings.items() if key not in obeyed}
    places = {
        name: place if place.startswith(IMAGE_CONTEXT) else str(exported / place)
        for name, place in recipe.contexts.items()
    }
    build: dict[str, Any] = {
        **settings,
        "context": str(exported / recipe.context),
        "labels": {**(settings.get("labels") or {}), **labels},
        **({"dockerfile": str(exported / recipe.dockerfile)} if recipe.dockerfile else {}),
        **({"additional_contexts": places} if places else {}),
    }
    platform = {"platform": recipe.platform} if recipe.platform else {}
    service = {"image": tag, "build": build, **platform}
    return {"name": PROJECT, "services": {recipe.service: service}, "secrets": dict(recipe.secrets)}

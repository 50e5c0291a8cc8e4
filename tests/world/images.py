"""Images in memory, and the repository of the team that they are built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.world.engine import MemoryEngine
from tests.world.versions import BY_COMMIT, found
from tidegate.errors import ImageError, VersionError
from tidegate.facts import Commit, Version
from tidegate.plan.image_labels import INPUTS_LABEL, REVISION_LABEL, STACK_LABEL
from tidegate.stack.recipes import Recipe


@dataclass
class MemoryImages:
    """The images of one engine, without a registry."""

    engine: MemoryEngine

    def find(self, stack: str, commit: str, inputs: str) -> str | None:
        wanted = {STACK_LABEL: stack, REVISION_LABEL: commit, INPUTS_LABEL: inputs}
        return next((image for image, labels in self.engine.images.items() if wanted.items() <= labels.items()), None)

    def publish(self, image: str, repository: str, tag: str) -> str:
        return image

    def as_named(self, reference: str) -> str:
        """There is always one of that name. It is pinned by the name itself."""
        pin = f"sha256:{reference}"
        if pin not in self.engine.images:
            self.engine.images[pin] = {}
            self.engine.moments.change(f"image {reference} was pulled", makes=f"image {reference}")
        return pin

    def ensure(self, pin: str) -> None:
        if pin not in self.engine.images:
            raise ImageError(f"providing the image {pin}", "it is not on the engine and has no registry",
                             "Build that version again")

    def tag(self, pin: str, alias: str) -> None:
        self.ensure(pin)
        if self.engine.tags.get(alias) != pin:
            self.engine.tags[alias] = pin
            self.engine.moments.change(f"{alias} was moved")


@dataclass
class MemoryBuilder:
    """Builds at once, whatever the recipe says."""

    engine: MemoryEngine

    def refuse_left_out(self, recipe: Recipe, exported: Path, elsewhere: Mapping[str, str], doing: str) -> None:
        if elsewhere:
            raise ImageError(doing, "; ".join(f"{path} is {what}" for path, what in elsewhere.items()), "Commit it")

    def build(self, recipe: Recipe, exported: Path, *, tag: str, labels: Mapping[str, str], secrets: Mapping[str, str],
              tell: Callable[[str], object]) -> str:
        image = f"sha256:{recipe.service}-{labels[REVISION_LABEL]}"
        self.engine.images[image] = dict(labels)
        self.engine.moments.change(f"image {tag} was built", makes=f"image {tag}")
        return image


class MemorySource:
    """The team's repository: all its versions, one after the other."""

    def resolve(self, wanted: str) -> Version:
        return found(wanted).version

    def between(self, old: str | None, new: str) -> list[Commit]:
        if new not in BY_COMMIT:
            raise VersionError(f"looking for the commit {new[:12]}", "no branch or tag leads to it", "Push it")
        return [] if old == new else [BY_COMMIT[new].commit]

    def export(self, commit: str, into: Path) -> Mapping[str, str]:
        if any(into.iterdir()):
            raise VersionError(f"exporting {commit[:12]}", f"the folder {into.name!r} is not empty", "Give an empty one")
        return {}

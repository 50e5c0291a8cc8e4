"""Images in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.world.engine import MemoryEngine
from tests.world.versions import Made
from tidegate.errors import ImageError, RegistryError
from tidegate.plan.image_labels import BASES_LABEL, INPUTS_LABEL, OCI, REVISION_LABEL, STACK_LABEL
from tidegate.stack.recipes import Recipe


@dataclass
class MemoryShelf:
    """A registry of others. A tag may be moved; a digest stays what it is."""

    tags: dict[str, str] = field(default_factory=dict)
    """`repo:tag` -> digest."""
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    """Digest -> labels."""
    is_away: bool = False

    def push(self, reference: str, version: Made) -> str:
        """Of one repository each version is another image. Returns its digest."""
        repository = reference.rpartition(":")[0]
        digest = f"sha256:{repository}-{version.sha}"
        self.images[digest] = {REVISION_LABEL: version.sha, f"{OCI}version": version.name}
        self.tags[reference] = digest
        return digest

    def digest(self, reference: str) -> str:
        self._refuse_away(reference)
        if reference not in self.tags:
            raise RegistryError(
                f"looking up {reference}", "manifest unknown", "Push the image first"
            )
        return self.tags[reference]

    def labels_of(self, pin: str) -> dict[str, str] | None:
        """What is pulled; None where the pin is none of a registry."""
        if "@" not in pin:
            return None
        self._refuse_away(pin)
        return dict(self.images[pin.rpartition("@")[2]])

    def _refuse_away(self, what: str) -> None:
        if self.is_away:
            raise RegistryError(
                f"asking the registry for {what}",
                "no connection",
                "Check the network",
                retryable=True,
            )


@dataclass
class MemoryImages:
    """The images of one engine. What is built is not pushed; what others made lies in `shelf`,
    their registry."""

    engine: MemoryEngine
    shelf: MemoryShelf

    def find(self, stack: str, commit: str | None, inputs: str) -> str | None:
        built_from = {REVISION_LABEL: commit} if commit else {}
        wanted = {STACK_LABEL: stack, INPUTS_LABEL: inputs, **built_from}
        return next(
            (
                image
                for image, labels in self.engine.images.items()
                if wanted.items() <= labels.items()
            ),
            None,
        )

    def publish(self, image: str, repository: str, tag: str) -> str:
        return image

    def as_named(self, reference: str) -> str:
        """There is always one of that name. It is pinned by the name itself."""
        pin = f"sha256:{reference}"
        if pin not in self.engine.images:
            self.engine.images[pin] = {}
            self.engine.moments.change(f"image {reference} was pulled", makes=f"image {reference}")
        return pin

    def look_up(self, reference: str) -> str:
        repository, _, _ = reference.rpartition(":")
        return f"{repository}@{self.shelf.digest(reference)}"

    def id_of(self, reference: str) -> str | None:
        known = reference if reference in self.engine.images else None
        return self.engine.tags.get(reference, known)

    def labels(self, pin: str) -> Mapping[str, str] | None:
        return self.engine.images.get(pin)

    def ensure(self, pin: str) -> None:
        if pin not in self.engine.images and (found := self.shelf.labels_of(pin)) is not None:
            self.engine.images[pin] = found
            self.engine.moments.change(f"image {pin} was pulled", makes=f"image {pin}")
        if pin not in self.engine.images:
            raise ImageError(
                f"providing the image {pin}",
                "it is not on the engine and has no registry",
                "Build that version again",
            )

    def tag(self, pin: str, alias: str) -> None:
        self.ensure(pin)
        if self.engine.tags.get(alias) != pin:
            self.engine.tags[alias] = pin
            self.engine.moments.change(f"{alias} was moved")

    def forget(self, pins: Mapping[str, Collection[str]]) -> list[str]:
        used = {one.image_id for one in self.engine.containers_by_name.values()}
        gone = sorted(pins.keys() & self.engine.images.keys() - used)
        for pin in gone:
            del self.engine.images[pin]
            self.engine.moments.change(f"image {pin} was removed", unmakes=f"image {pin}")
        return gone


@dataclass
class MemoryBuilder:
    """Builds at once, whatever the recipe says."""

    engine: MemoryEngine

    def refuse_left_out(
        self, recipe: Recipe, exported: Path, elsewhere: Mapping[str, str], doing: str
    ) -> None:
        if elsewhere:
            raise ImageError(
                doing,
                "; ".join(f"{path} is {what}" for path, what in elsewhere.items()),
                "Commit it",
            )

    def build(
        self,
        recipe: Recipe,
        exported: Path,
        *,
        tag: str,
        labels: Mapping[str, str],
        secrets: Mapping[str, str],
        tell: Callable[[str], object],
    ) -> str:
        image = f"sha256:{recipe.service}-{labels[REVISION_LABEL]}"
        self.engine.images[image] = {**labels, BASES_LABEL: '{"mysql:8": "sha256:mysql:8"}'}
        self.engine.moments.change(f"image {tag} was built", makes=f"image {tag}")
        return image

"""The images of one engine: found by what went into them, so that none is built twice; checked,
tagged, brought there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError, ImageNotFound
from docker.models.images import Image
from docker.utils import parse_repository_tag

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from blocks.registries.registry import Registry, digest_in_registry, pull_image
from tidegate.errors import ImageError
from tidegate.plan.image_labels import (
    INPUTS_LABEL,
    REVISION_LABEL,
    STACK_LABEL,
    bases_in,
)
from tidegate.versions import IMAGE_ID, short_id

KEPT = "tidegate-"
"""Begins the tag that keeps a pulled image; 12 digits of its digest follow."""
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


def _our_names(image: Mapping[str, Any], versions: Collection[str]) -> list[str]:
    """Of an image as the engine lists it."""
    tags = image["RepoTags"] or []
    if STACK_LABEL in (image["Labels"] or {}):
        return (
            [one for one in tags if one.rpartition(":")[2] in versions] if tags else [image["Id"]]
        )
    return [one for one in tags if one.rpartition(":")[2].startswith(KEPT)]


def platform_of(engine: Mapping[str, Any]) -> str:
    """The platform in an answer of `docker info`, written as images write it: `linux/amd64`."""
    return f"{engine['OSType']}/{_MACHINES.get(engine['Architecture'], engine['Architecture'])}"


@dataclass(frozen=True)
class ImageStore:
    """Images on `host`. A pin is `repo@sha256:...` or an image id. Raises ImageError,
    RegistryError, CapacityError."""

    host: DockerHost
    registry: Registry | None = None

    def find(self, stack: str, commit: str | None, inputs: str) -> str | None:
        """Id of the image that was built from this commit (None: from any) with these inputs,
        unless one of its base images is another one on this engine now. The newest where there are
        several."""
        built_from = {REVISION_LABEL: commit} if commit else {}
        labels = {STACK_LABEL: stack, INPUTS_LABEL: inputs, **built_from}
        doing = f"looking for an image of {stack} {short_id(commit or inputs)}"
        with engine_errors(doing):
            found = self.host.client.images.list(
                filters={"label": [f"{key}={value}" for key, value in labels.items()]}
            )
        current = [image for image in found if self._has_its_bases(image, doing)]
        newest = max(current, key=lambda image: str(image.attrs["Created"]), default=None)
        return newest.id if newest else None

    def id_of(self, reference: str) -> str | None:
        """The id of an image on the engine. A reference by digest is its own id: it never means
        another image."""
        if "@" in reference:
            return reference.rpartition("@")[2]
        image = self._image(reference, f"looking for {reference}")
        return image.id if image else None

    def look_up(self, reference: str) -> str:
        """The pin of `repo:tag` as its registry has it now, asked by the engine that will pull
        it."""
        repository, _ = parse_repository_tag(reference)
        return f"{repository}@{digest_in_registry(self.host, reference, self._account(reference))}"

    def labels(self, pin: str) -> dict[str, str] | None:
        """None where the image is not on the engine."""
        image = self._image(pin, f"reading the labels of {pin}")
        return dict(image.labels) if image else None

    def pull(self, reference: str) -> None:
        """Bring an image to the engine, with the account of the registry where it is one of its
        images."""
        pull_image(self.host, reference, self._account(reference))

    def remove(self, image: str) -> None:
        """Remove an image that nothing uses; one that has gone, or is used, is left."""
        with engine_errors(f"removing {image}"):
            try:
                self.host.client.images.remove(image)
            except ImageNotFound:
                return
            except APIError as error:
                if error.status_code != 409:
                    raise

    def publish(self, image: str, repository: str, tag: str) -> str:
        """Push an image where there is a registry. Returns its pin."""
        return self.registry.push(self.host, image, repository, tag) if self.registry else image

    def as_named(self, reference: str) -> str:
        """The pin of an image by the name that a compose file gives it. One that is on the engine
        is taken, as compose does."""
        doing = f"looking for {reference}"
        if self._image(reference, doing) is None:
            self.pull(reference)
        image = self._image(reference, doing)
        if image is None or image.id is None:
            raise ImageError(doing, "it is not on the engine after the pull", "Pull it again")
        self._check_platform(image, doing)
        repository, _ = parse_repository_tag(reference.partition("@")[0])
        known = (
            digest
            for digest in image.attrs.get("RepoDigests") or ()
            if digest.startswith(f"{repository}@")
        )
        return next(known, image.id)

    def ensure(self, pin: str) -> None:
        """The image of `pin` is on the engine, and for its platform (P51)."""
        doing = f"providing the image {pin}"
        image = self._image(pin, doing)
        if image is None and "@sha256:" not in pin:
            raise ImageError(
                doing, "it is not on the engine and has no registry", "Build that version again"
            )
        if image is None:
            self.pull(pin)
            image = self._image(pin, doing)
        if image is None:
            raise ImageError(doing, "it is not on the engine after the pull", "Pull it again")
        self._check_platform(image, doing)
        self._keep(pin, image, doing)

    def tag(self, pin: str, alias: str) -> None:
        """Point `repo:tag` at `pin`."""
        doing = f"tagging {alias}"
        repository, tag = parse_repository_tag(alias)
        image = self._image(pin, doing)
        if image is None:
            raise ImageError(doing, f"{pin} is not on the engine", "Provide the image first")
        with engine_errors(doing):
            image.tag(repository, tag)

    def forget(self, pins: Mapping[str, Collection[str]]) -> list[str]:
        """Take our names from images: of what was built here those of the versions, of what was
        pulled the tag that keeps it. `pins` has the versions of each.

        The engine removes what has no other name. What a container has, running or not, is left.
        Returns the pins of which a name was taken away.
        """
        doing = "removing images that no way back needs"
        with engine_errors(doing):
            there = self.host.client.api.images()
            used = {one["ImageID"] for one in self.host.client.api.containers(all=True)}
        forgotten = []
        for image in (one for one in there if one["Id"] not in used):
            names = {image["Id"], *(image["RepoDigests"] or ())}
            for pin in sorted(names & pins.keys()):
                ours = _our_names(image, pins[pin])
                for name in ours:
                    self.remove(name)
                forgotten += [pin] * bool(ours)
        return forgotten

    def _account(self, reference: str) -> dict[str, str] | None:
        return self.registry.account_for(reference) if self.registry else None

    def _keep(self, pin: str, image: Image, doing: str) -> None:
        """A tag of ours on what was pulled by digest: without one, `docker image prune` takes the
        way back away."""
        repository, _, digest = pin.partition("@")
        ours = f"{KEPT}{short_id(digest).removeprefix(IMAGE_ID)}"
        if digest and f"{repository}:{ours}" not in image.tags:
            with engine_errors(doing):
                image.tag(repository, ours)

    def _image(self, reference: str, doing: str) -> Image | None:
        with engine_errors(doing):
            try:
                return self.host.client.images.get(reference)
            except ImageNotFound:
                return None

    def _has_its_bases(self, image: Image, doing: str) -> bool:
        """A base image that is not on the engine any more is no other one."""
        noted = bases_in(image.labels)
        return noted is not None and all(
            self.id_of(name) in (base, None) for name, base in noted.items()
        )

    def verify(self, image_id: str, labels: Mapping[str, str], doing: str) -> None:
        """The image says what it is (P40): a Dockerfile or base image cannot have had the last
        word."""
        image = self._image(image_id, doing)
        if image is None:
            raise ImageError(
                doing, f"the engine does not know {image_id}", "Build again", retryable=True
            )
        wrong = [key for key, value in labels.items() if image.labels.get(key) != value]
        if wrong:
            raise ImageError(
                doing, f"the image has other labels: {', '.join(wrong)}", "Look at the Dockerfile"
            )
        self._check_platform(image, doing)

    def _check_platform(self, image: Image, doing: str) -> None:
        with engine_errors(doing):
            wanted = platform_of(self.host.client.info())
        has = f"{image.attrs['Os']}/{image.attrs['Architecture']}"
        if has != wanted:
            raise ImageError(
                doing, f"the image is for {has}, the host is {wanted}", f"Build it for {wanted}"
            )

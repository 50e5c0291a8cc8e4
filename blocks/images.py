"""The images of one engine: found by what went into them, built from an exported commit, checked, never built twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from docker.errors import APIError, ImageNotFound
from docker.models.images import Image
from docker.utils import parse_repository_tag

from blocks.docker_host import DockerHost, engine_errors
from blocks.dockerfile import base_images, layers_made
from blocks.registry import Registry, pull_image
from tidegate.errors import CapacityError, EngineError, ImageError
from tidegate.facts import Version

REVISION_LABEL = "org.opencontainers.image.revision"
STACK_LABEL = "tidegate.stack"
INPUTS_LABEL = "tidegate.inputs"
_SHOWN_LINES = 40
_CANCEL_SECONDS = 10
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


def release_labels(stack: str, title: str, version: Version, source: str, inputs: str) -> dict[str, str]:
    """The labels by which an image says what it is (OCI annotations). `created` is the commit's date: a second build
    of the same commit says the same."""
    oci = {"title": title, "version": version.name, "revision": version.commit.sha, "source": source,
           "created": version.commit.at.astimezone(UTC).isoformat()}
    return {f"org.opencontainers.image.{name}": value for name, value in oci.items()} | {
        STACK_LABEL: stack, INPUTS_LABEL: inputs}


def platform_of(engine: Mapping[str, Any]) -> str:
    """The platform in an answer of `docker info`, written as images write it: `linux/amd64`."""
    return f"{engine['OSType']}/{_MACHINES.get(engine['Architecture'], engine['Architecture'])}"


@dataclass(frozen=True)
class ImageStore:
    """Images on `host`. A pin is `repo@sha256:...` or an image id. Raises ImageError, RegistryError, CapacityError."""

    host: DockerHost
    registry: Registry | None = None
    redact: Callable[[str], str] = str
    build_timeout_seconds: float = 1800

    def inputs(self, exported: Path, dockerfile: str, context: str, build_args: Mapping[str, str]) -> str:
        """A hash over what decides an image beside the commit: paths within it, build arguments and base images.
        A base image that is not on the engine is pulled, since its id counts."""
        path = exported / dockerfile
        if not path.is_file():
            raise ImageError("reading the Dockerfile", f"the commit has no {dockerfile}", "Correct source.dockerfile")
        bases = {base: self._id(base) for base in base_images(path.read_text(encoding="utf-8"), build_args)}
        decided = json.dumps([dockerfile, context, dict(build_args), bases], sort_keys=True)
        return hashlib.sha256(decided.encode()).hexdigest()

    def find(self, stack: str, commit: str, inputs: str) -> str | None:
        """Id of the image that was built from this commit with these inputs; the newest where there are several."""
        labels = {STACK_LABEL: stack, REVISION_LABEL: commit, INPUTS_LABEL: inputs}
        with engine_errors(f"looking for an image of {stack} {commit[:12]}"):
            found = self.host.client.images.list(filters={"label": [f"{key}={value}" for key, value in labels.items()]})
        newest = max(found, key=lambda image: str(image.attrs["Created"]), default=None)
        return newest.id if newest else None

    def build(self, context: Path, dockerfile: str, *, tags: Sequence[str], labels: Mapping[str, str],
              build_args: Mapping[str, str]) -> str:
        """Build from an exported folder; `dockerfile` is relative to `context`, or absolute. Returns the image id.
        Build arguments stay readable in the image: no secret may be among them."""
        doing = f"building {tags[0] if tags else context.name}"
        output: list[str] = []
        try:
            image = self._built(doing, context, dockerfile, labels, build_args, output)
            self._verify(image, labels, doing)
        except BaseException as error:
            try:
                self._forget(output)
            except EngineError as left:
                error.add_note(str(left))
            raise
        for tag in tags:
            self.tag(image, tag)
        return image

    def ensure(self, pin: str) -> None:
        """The image of `pin` is on the engine, and for its platform (P51)."""
        doing = f"providing the image {pin}"
        image = self._image(pin, doing)
        if image is None and "@sha256:" not in pin:
            raise ImageError(doing, "it is not on the engine and has no registry", "Build that version again")
        if image is None:
            self._pull(pin)
            image = self._image(pin, doing)
        if image is None:
            raise ImageError(doing, "it is not on the engine after the pull", "Pull it again")
        self._check_platform(image, doing)

    def tag(self, pin: str, alias: str) -> None:
        """Point `repo:tag` at `pin`."""
        doing = f"tagging {alias}"
        repository, tag = parse_repository_tag(alias)
        image = self._image(pin, doing)
        if image is None:
            raise ImageError(doing, f"{pin} is not on the engine", "Provide the image first")
        with engine_errors(doing):
            image.tag(repository, tag)

    def _image(self, reference: str, doing: str) -> Image | None:
        with engine_errors(doing):
            try:
                return self.host.client.images.get(reference)
            except ImageNotFound:
                return None

    def _id(self, reference: str) -> str:
        doing = f"reading the base image {reference}"
        if self._image(reference, doing) is None:
            self._pull(reference)
        image = self._image(reference, doing)
        if image is None or image.id is None:
            raise ImageError(doing, "it is not on the engine after the pull", "Correct FROM in the Dockerfile")
        return image.id

    def _pull(self, reference: str) -> None:
        if self.registry and self.registry.name(reference) == reference:
            self.registry.pull(self.host, reference)
        else:
            pull_image(self.host, reference)

    def _built(self, doing: str, context: Path, dockerfile: str, labels: Mapping[str, str],
               build_args: Mapping[str, str], output: list[str]) -> str:
        with engine_errors(doing):
            try:
                said = self.host.client.api.build(
                    path=str(context), dockerfile=dockerfile, labels=dict(labels), buildargs=dict(build_args),
                    rm=True, forcerm=True, decode=True, timeout=int(self.build_timeout_seconds))
                with contextlib.closing(said):   # the engine gives up a build that nobody listens to
                    heard = self._heard(said, doing, output)
                    ids = [line["aux"]["ID"] for line in heard if "ID" in line.get("aux", {})]
            except APIError as error:
                raise self._failed(doing, str(error.explanation or error), output) from None
            except FileNotFoundError as error:
                raise ImageError(doing, f"there is no {error.filename}", "Correct source.dockerfile") from None
        if not ids:
            raise self._failed(doing, "the build named no image", output)
        return str(ids[-1])

    def _heard(self, said: Iterable[dict[str, Any]], doing: str, output: list[str]) -> Iterator[dict[str, Any]]:
        deadline = time.monotonic() + self.build_timeout_seconds
        for line in said:
            output.extend(str(line.get("stream", "")).splitlines())
            if "error" in line:
                raise self._failed(doing, str(line["error"]), output)
            if time.monotonic() > deadline:
                raise self._failed(doing, f"no end after {self.build_timeout_seconds:g} s", output)
            yield line

    def _failed(self, doing: str, said: str, output: Sequence[str]) -> ImageError | CapacityError:
        if "no space left on device" in said.lower():
            return CapacityError(doing, "the disk of the Docker engine is full", "Remove images that nothing needs")
        last = "\n".join(deque((line for line in output if line.strip()), maxlen=_SHOWN_LINES))
        return ImageError(doing, self.redact(f"{said}\n{last}"), "Correct the Dockerfile or the code")

    def _verify(self, image_id: str, labels: Mapping[str, str], doing: str) -> None:
        """The image says what it is (P40): a Dockerfile or base image cannot have had the last word."""
        image = self._image(image_id, doing)
        if image is None:
            raise ImageError(doing, f"the engine does not know {image_id}", "Build again", retryable=True)
        wrong = [key for key, value in labels.items() if image.labels.get(key) != value]
        if wrong:
            raise ImageError(doing, f"the image has other labels: {', '.join(wrong)}", "Look at the Dockerfile")
        self._check_platform(image, doing)

    def _check_platform(self, image: Image, doing: str) -> None:
        with engine_errors(doing):
            wanted = platform_of(self.host.client.info())
        has = f"{image.attrs['Os']}/{image.attrs['Architecture']}"
        if has != wanted:
            raise ImageError(doing, f"the image is for {has}, the host is {wanted}", f"Build it for {wanted}")

    def _forget(self, output: Iterable[str]) -> None:
        """Remove the layers a failed build made. What it took from the cache belongs to others."""
        with engine_errors("removing the layers of a failed build"):
            for layer in reversed(list(layers_made(output))):
                self._remove_layer(layer)

    def _remove_layer(self, layer: str) -> None:
        deadline = time.monotonic() + _CANCEL_SECONDS
        while True:
            try:
                if not self.host.client.images.get(layer).tags:
                    self.host.client.images.remove(layer)
                return
            except ImageNotFound:   # went away with the layer above it
                return
            except APIError as error:
                if error.status_code != 409:
                    raise
                if "container" not in str(error.explanation) or time.monotonic() > deadline:
                    return   # another build stands on it by now
                time.sleep(0.1)   # the container of a build that was given up is about to go

"""Files of an image, read out of a container that is made of it and never started."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import NotFound

from blocks.docker.host import KEY_LABEL, DockerHost, engine_errors
from blocks.docker.sealed import seal
from tidegate.errors import EngineError

MOST_BYTES = 16 << 20
"""Of all files together, as the engine packs them."""


@dataclass(frozen=True)
class EngineImageFiles:
    """Files of the images of one engine."""

    host: DockerHost

    def read(self, image: str, folder: str, *, key: str) -> Mapping[str, str]:
        """The regular files below `folder`, by their path there; what is no text has marks in it. Empty where there is no
        such folder. Raises EngineError."""
        doing, client = f"reading {folder} of the image {image}", self.host.client
        with engine_errors(doing):
            self.host.forget(key)
            volumes = client.images.get(image).attrs["Config"].get("Volumes") or {}
            container = client.containers.create(image, ["-"], entrypoint=["-"], labels={KEY_LABEL: key}, **seal(volumes))
            try:
                packed = _bounded(_archive(container, folder), doing)
            finally:
                container.remove(force=True, v=True)
        return dict(_files(packed)) if packed else {}


def _archive(container: Any, folder: str) -> Iterable[bytes]:
    try:
        stream: Iterable[bytes] = container.get_archive(folder.rstrip("/") or "/")[0]
    except NotFound:
        return ()
    return stream


def _bounded(stream: Iterable[bytes], doing: str) -> bytes:
    packed = bytearray()
    for chunk in stream:
        packed += chunk
        if len(packed) > MOST_BYTES:
            raise EngineError(doing, f"it holds more than {MOST_BYTES >> 20} MiB", "Name the folder of the migrations alone")
    return bytes(packed)


def _files(packed: bytes) -> Iterator[tuple[str, str]]:
    """Nothing is unpacked: a name in there may be anything."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as tar:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isreg() else None
            if content is not None:
                yield entry.name.partition("/")[2], content.read().decode(errors="replace")

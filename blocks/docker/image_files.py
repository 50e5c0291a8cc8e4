"""Files of an image, read out of a container that is made of it and never started."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from docker import APIClient

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import KEY_LABEL, DockerHost
from blocks.docker.sealed import seal
from tidegate.errors import EngineError

MOST_BYTES = 16 << 20
"""Of all files together, as the engine packs them."""
_NOT_THERE = 404


@dataclass(frozen=True)
class EngineImageFiles:
    """Files of the images of one engine."""

    host: DockerHost

    def read(self, image: str, folder: str, *, key: str) -> Mapping[str, str]:
        """The regular files below `folder`, by their path there; what is no text has marks in it.
        Empty where there is no such folder. Raises EngineError."""
        doing, client = f"reading {folder} of the image {image}", self.host.client
        with engine_errors(doing):
            self.host.forget(key)
            volumes = client.images.get(image).attrs["Config"].get("Volumes") or {}
            container = client.containers.create(
                image, ["-"], entrypoint=["-"], labels={KEY_LABEL: key}, **seal(volumes)
            )
            try:
                packed = _archive(client.api, str(container.id), folder, doing)
            finally:
                container.remove(force=True, v=True)
        return dict(_files(packed)) if packed else {}


def _archive(api: APIClient, container: str, folder: str, doing: str) -> bytes:
    """What the engine packs (Docker Engine API, "Get an archive of a filesystem resource in a
    container"). The SDK's own call cannot be ended in the middle."""
    url, packed = f"{api.base_url}/v{api.api_version}/containers/{container}/archive", bytearray()
    with api.get(
        url, params={"path": folder.rstrip("/") or "/"}, stream=True, timeout=api.timeout
    ) as answer:
        if answer.status_code == _NOT_THERE:
            return b""
        answer.raise_for_status()
        for chunk in answer.iter_content(1 << 16):
            packed += chunk
            if len(packed) > MOST_BYTES:
                raise EngineError(
                    doing,
                    f"it holds more than {MOST_BYTES >> 20} MiB",
                    "Name the folder of the migrations alone",
                )
    return bytes(packed)


def _files(packed: bytes) -> Iterator[tuple[str, str]]:
    """Nothing is unpacked: a name in there may be anything."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as tar:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isreg() else None
            if content is not None:
                yield entry.name.partition("/")[2], content.read().decode(errors="replace")

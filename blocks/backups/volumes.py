"""Named volumes of a stack: saved through a container that is never started, put back beside first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import Part
from blocks.backups.restoring import part_of
from blocks.docker.host import KEY_LABEL, DockerHost, engine_errors
from tidegate.errors import BackupError, EngineError
from tidegate.facts import Backup
from tidegate.secrecy.outside_text import clean_end

HOUR = 3600
_INSIDE = "/tidegate-volume"   # the archive's own folder
_BESIDE = "/tidegate-beside"
_HAS_TOOLS = "command -v find && command -v cp"
_REPLACE = f"find {_INSIDE} -mindepth 1 -delete && cp -a {_BESIDE}/. {_INSIDE}/"


def save_volume(host: DockerHost, store: BackupStore, backup: str, name: str, volume: str, image: str, key: str) -> Part:
    """Keep a named volume as `<name>.tar.gz`, read through a container of `image` that is never started."""
    def produce(into: BinaryIO) -> None:
        for chunk in _archive(host, volume, image, f"{key}/volume"):
            into.write(chunk)

    part = store.write(backup, f"{name}.tar.gz", produce)
    store.check(backup, part)
    return part


def image_with_tools(host: DockerHost, images: Iterable[str], key: str) -> str:
    """The first of `images` that has a shell, `find` and `cp`. Raises EngineError."""
    doing, tried = "looking for an image with a shell, find and cp", list(dict.fromkeys(images))
    with engine_errors(doing):
        for image in tried:
            if _has_tools(host, image, key):
                return image
    raise EngineError(doing, f"none of the stack's {len(tried)} images has them, so no volume can be put back",
                      "Add a base service whose image has them, such as busybox. Nothing was changed")


def put_beside(host: DockerHost, store: BackupStore, backup: Backup, name: str, volume: str, image: str, key: str) -> None:
    """Unpack `<name>.tar.gz` into a new volume beside `volume`. Again: from the beginning.

    Raises BackupError where the file is not the one that was made, EngineError.
    """
    part = part_of(store, backup, f"{name}.tar.gz")
    store.check(backup.id, part)
    with engine_errors(f"restoring beside the volume {volume}"):
        host.forget(key)
        remove_beside(host, volume)
        host.client.volumes.create(_new(volume), labels={KEY_LABEL: key})
        container = _container(host, image, key, "true", {_new(volume): {"bind": _INSIDE, "mode": "rw"}})
        try:
            with store.read(backup.id, part.name) as archive:
                container.put_archive("/", archive)
        finally:
            container.remove(force=True, v=True)


def stands_beside(host: DockerHost, volume: str) -> bool:
    with engine_errors(f"looking beside the volume {volume}"):
        return _is_there(host, _new(volume))


def replace_volume(host: DockerHost, volume: str, image: str, key: str) -> None:
    """Empty `volume` and fill it from the one beside. Again: the same once more.

    Raises EngineError while a running container uses the volume.
    """
    doing = f"restoring the volume {volume}"
    with engine_errors(doing):
        users = [str(one.name) for one in host.client.containers.list(filters={"volume": volume})]
        if users:
            raise EngineError(doing, f"{', '.join(users)} uses it now", "Stop what uses it, then start the restore again")
        host.forget(key)
        mounts = {volume: {"bind": _INSIDE, "mode": "rw"}, _new(volume): {"bind": _BESIDE, "mode": "ro"}}
        container = _container(host, image, key, _REPLACE, mounts)
        try:
            if said := _failed(container):
                raise EngineError(doing, said, "Look at the volume, then start the restore again")
        finally:
            container.remove(force=True, v=True)


def remove_beside(host: DockerHost, volume: str) -> None:
    """Again: changes nothing."""
    with engine_errors(f"removing what stands beside the volume {volume}"):
        if _is_there(host, _new(volume)):
            host.client.volumes.get(_new(volume)).remove()


def _new(volume: str) -> str:
    return f"{volume}-tidegate-new"


def _is_there(host: DockerHost, volume: str) -> bool:
    try:
        host.client.volumes.get(volume)
    except NotFound:
        return False
    return True


def _has_tools(host: DockerHost, image: str, key: str) -> bool:
    host.forget(key)
    try:
        container = _container(host, image, key, _HAS_TOOLS, {})
    except ImageNotFound:
        return False
    try:
        return not _failed(container)
    except EngineError:   # it has not even a shell
        return False
    finally:
        container.remove(force=True, v=True)


def _container(host: DockerHost, image: str, key: str, script: str, mounts: dict[str, dict[str, str]]) -> Container:
    return host.client.containers.create(image, ["-c", script], entrypoint=["sh"], user="0", network="none",
                                         labels={KEY_LABEL: key}, volumes=mounts)


def _failed(container: Container) -> str:
    """How it ended, where not well. Raises EngineError where it cannot be started."""
    with engine_errors("starting a container for a volume"):
        container.start()
        code = container.wait(timeout=HOUR)["StatusCode"]
        said = clean_end(container.logs().decode(errors="replace"), 300)
    return f"it ended with {code}: {said}" if code else ""


def _archive(host: DockerHost, volume: str, image: str, key: str) -> Iterator[bytes]:
    doing = f"saving the volume {volume}"
    with engine_errors(doing):
        host.forget(key)
        if not _is_there(host, volume):   # mounting one that is not there would make an empty one
            raise BackupError(doing, "there is no such volume", "Correct `state.volumes` in stack.yaml")
        container = host.client.containers.create(
            image, ["true"], network="none", labels={KEY_LABEL: key}, volumes={volume: {"bind": _INSIDE, "mode": "ro"}})
        try:
            yield from container.get_archive(_INSIDE)[0]
        finally:
            container.remove(force=True, v=True)

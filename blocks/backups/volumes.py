"""Named volumes of a stack, and places of its host: saved through a container that is never
started, put back beside first.

Where a volume is asked for, a path that begins with `/` is a folder or a file of the host.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import BinaryIO

from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import Mount

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import Part
from blocks.backups.restoring import part_of
from blocks.docker.ending import wait_for_end
from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import KEY_LABEL, DockerHost
from tidegate.errors import BackupError, EngineError
from tidegate.facts import Backup
from tidegate.secrecy.outside_text import clean_end

MOST_SECONDS = 3 * 3600
"""For filling one volume: the step that puts data back has four hours."""
_TOO_LONG = "It was stopped and removed: look why it takes so long, then start the restore again"
_INSIDE = "/tidegate-volume"  # the archive's own folder
_BESIDE = "/tidegate-beside"
_HAS_TOOLS = "command -v find && command -v cp"
_REPLACE = f"find {_INSIDE} -mindepth 1 -delete && cp -a {_BESIDE}/. {_INSIDE}/"
_REPLACE_FILE = f"cp -a {_BESIDE}/{{0}} {_INSIDE}/{{0}}"


def save_volume(
    host: DockerHost, store: BackupStore, backup: str, name: str, volume: str, image: str, key: str
) -> Part:
    """Keep a volume as `<name>.tar.gz`, read through a container of `image` that is never
    started."""

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
    raise EngineError(
        doing,
        f"none of the stack's {len(tried)} images has them, so no volume can be put back",
        "Add a base service whose image has them, such as busybox. Nothing was changed",
    )


def put_beside(
    host: DockerHost,
    store: BackupStore,
    backup: Backup,
    name: str,
    volume: str,
    image: str,
    key: str,
) -> None:
    """Unpack `<name>.tar.gz` into a new volume beside `volume`. Again: from the beginning.

    Raises BackupError where the file is not the one that was made, EngineError.
    """
    part = part_of(store, backup, f"{name}.tar.gz")
    store.check(backup.id, part)
    with engine_errors(f"restoring beside the volume {volume}"):
        host.forget(key)
        remove_beside(host, volume)
        host.client.volumes.create(_new(volume), labels={KEY_LABEL: key})
        container = _container(host, image, key, "true", [_mount(_new(volume), _INSIDE)])
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
        if users := _users(host, volume):
            raise EngineError(
                doing,
                f"{', '.join(users)} uses it now",
                "Stop what uses it, then start the restore again",
            )
        host.forget(key)
        script = (
            _REPLACE_FILE.format(shlex.quote(PurePosixPath(volume).name))
            if _is_file(volume)
            else _REPLACE
        )
        mounts = [_mount(volume, _INSIDE), _mount(_new(volume), _BESIDE, read_only=True)]
        container = _container(host, image, key, script, mounts)
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
    """A path has no name that a volume could have."""
    stem = hashlib.sha256(volume.encode()).hexdigest()[:16] if _is_path(volume) else volume
    return f"{stem}-tidegate-new"


def _is_path(volume: str) -> bool:
    return volume.startswith("/")


def _is_file(volume: str) -> bool:
    return _is_path(volume) and os.path.isfile(volume)


def _is_there(host: DockerHost, volume: str) -> bool:
    if _is_path(volume):
        return True  # the engine refuses to mount one that is not: only it sees its own machine
    try:
        host.client.volumes.get(volume)
    except NotFound:
        return False
    return True


def _mount(volume: str, inside: str, *, read_only: bool = False) -> Mount:
    target = f"{inside}/{PurePosixPath(volume).name}" if _is_file(volume) else inside
    return Mount(target, volume, type="bind" if _is_path(volume) else "volume", read_only=read_only)


def _users(host: DockerHost, volume: str) -> list[str]:
    """Running containers that have it, or may write into a part of it."""
    if not _is_path(volume):
        return [str(one.name) for one in host.client.containers.list(filters={"volume": volume})]
    return [
        one["Names"][0].lstrip("/")
        for one in host.client.api.containers()
        if any(_writes(mount, volume) for mount in one.get("Mounts") or [])
    ]


def _writes(mount: Mapping[str, object], path: str) -> bool:
    real, source = (
        PurePosixPath(os.path.realpath(path)),
        PurePosixPath(os.path.realpath(str(mount.get("Source") or ""))),
    )
    return bool(mount.get("RW")) and (source.is_relative_to(real) or real.is_relative_to(source))


def _has_tools(host: DockerHost, image: str, key: str) -> bool:
    host.forget(key)
    try:
        container = _container(host, image, key, _HAS_TOOLS, [])
    except ImageNotFound:
        return False
    try:
        return not _failed(container)
    except EngineError:  # it has not even a shell
        return False
    finally:
        container.remove(force=True, v=True)


def _container(
    host: DockerHost, image: str, key: str, script: str, mounts: list[Mount]
) -> Container:
    return host.client.containers.create(
        image,
        ["-c", script],
        entrypoint=["sh"],
        user="0",
        network="none",
        labels={KEY_LABEL: key},
        mounts=mounts,
    )


def _failed(container: Container) -> str:
    """How it ended, where not well. Raises EngineError where it cannot be started."""
    doing = "running a container for a volume"
    with engine_errors(doing):
        container.start()
        code = wait_for_end(container, doing, MOST_SECONDS, _TOO_LONG)
        said = clean_end(container.logs().decode(errors="replace"), 300)
    return f"it ended with {code}: {said}" if code else ""


def _archive(host: DockerHost, volume: str, image: str, key: str) -> Iterator[bytes]:
    doing = f"saving the volume {volume}"
    with engine_errors(doing):
        host.forget(key)
        if not _is_there(host, volume):  # mounting one that is not there would make an empty one
            raise BackupError(
                doing, "there is no such volume", "Correct `state.volumes` in stack.yaml"
            )
        container = host.client.containers.create(
            image,
            ["true"],
            network="none",
            labels={KEY_LABEL: key},
            mounts=[_mount(volume, _INSIDE, read_only=True)],
        )
        try:
            yield from container.get_archive(_INSIDE)[0]
        finally:
            container.remove(force=True, v=True)

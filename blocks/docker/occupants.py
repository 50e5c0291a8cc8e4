"""Who is on a Docker host already: every container's mounts, name and ports, whoever started it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from tidegate.facts import PROJECT_LABEL, SERVICE_LABEL
from tidegate.plan.occupants import Mounted, Occupant, PathLook, VolumePlace

_DATABASE_KEYS = ("MYSQL_DATABASE", "MARIADB_DATABASE", "POSTGRES_DB", "MONGO_INITDB_DATABASE")


@dataclass(frozen=True)
class EngineOccupancy:
    """Asks one engine. Raises EngineError."""

    host: DockerHost

    def occupants(self) -> list[Occupant]:
        """All containers, running or not."""
        with engine_errors("looking who is on the host"):
            devices = {name: place.device for name, place in self.volume_places().items()}
            return [_occupant(one, devices) for one in self.host.client.api.containers(all=True)]

    def volume_places(self) -> dict[str, VolumePlace]:
        """Where each volume of the engine lies."""
        with engine_errors("listing the volumes"):
            listed = self.host.client.api.volumes().get("Volumes") or []
        return {
            one["Name"]: VolumePlace(
                *(
                    look_at(path).real
                    for path in (one["Mountpoint"], (one.get("Options") or {}).get("device", ""))
                )
            )
            for one in listed
        }

    def database_names(self, container: str) -> frozenset[str]:
        """By which names a container was told to create its database; nothing else of its
        environment is read out."""
        with engine_errors(f"looking at {container}"):
            told = self.host.client.api.inspect_container(container)["Config"]["Env"] or []
        pairs = (entry.partition("=") for entry in told)
        return frozenset(value for key, _, value in pairs if key in _DATABASE_KEYS and value)

    def look_at(self, path: str) -> PathLook:
        """A path of the host, as this machine sees it."""
        return look_at(path)


def _occupant(listed: Mapping[str, Any], devices: Mapping[str, str]) -> Occupant:
    labels = listed.get("Labels") or {}
    return Occupant(
        id=listed["Id"],
        name=listed["Names"][0].lstrip("/") if listed.get("Names") else listed["Id"],
        project=labels.get(PROJECT_LABEL, ""),
        service=labels.get(SERVICE_LABEL, ""),
        labels=labels,
        mounts=tuple(mounts_of(listed.get("Mounts") or [], devices)),
        ports=frozenset(
            (port.get("IP", ""), int(port["PublicPort"]))
            for port in listed.get("Ports") or []
            if port.get("PublicPort") and port.get("Type") == "tcp"
        ),
    )


def mounts_of(listed: list[Mapping[str, Any]], devices: Mapping[str, str]) -> Iterator[Mounted]:
    """Volumes and folders of a container, by where it has them: the engine lists them in any order.
    `devices` are what stands behind volumes."""
    for mount in sorted(listed, key=lambda one: str(one.get("Destination"))):
        if mount.get("Type") in ("volume", "bind"):
            source = mount.get("Source", "")
            places = {look_at(source).real, devices.get(mount.get("Name", ""), "")} - {""}
            yield Mounted(
                mount.get("Name") or source,
                frozenset(places),
                mount["Destination"],
                bool(mount.get("RW", True)) and not look_at(source).is_file,
            )


def look_at(path: str) -> PathLook:
    """A path of the host, as this machine sees it. For an engine elsewhere both sides of a
    comparison change alike."""
    if not path.startswith("/"):
        return PathLook(path, is_file=False, is_new=False)
    try:
        is_new = not os.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        is_new = not os.path.exists(path)
    except OSError:  # it is there, and not for us to read
        is_new = False
    return PathLook(os.path.realpath(path), os.path.isfile(path), is_new)

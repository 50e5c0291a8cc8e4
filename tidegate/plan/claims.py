"""What base services that start for the first time would take of their host."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.plan.occupants import Mounted, PathLook, VolumePlace
from tidegate.stack.slot import declared_volumes, published_ports, used_volumes

SEPARATE_LABEL = "tidegate.separate-data"
"""A compose service with this label says: another container may look like mine, and its data are
not mine."""


@dataclass(frozen=True)
class Claim:
    """What one base service would take at its first start."""

    service: str
    container_name: str
    mounts: tuple[Mounted, ...]
    ports: tuple[tuple[str, int], ...]
    databases: frozenset[str]
    is_separate: bool


def claims(
    model: ComposeModel,
    services: Collection[str],
    project: str,
    volumes: Mapping[str, VolumePlace],
    look: Callable[[str], PathLook],
) -> list[Claim]:
    """What `services` would take. `volumes` are those that the engine has; `look` looks at a path
    of the host."""
    return [_claim(model, name, project, volumes, look) for name in sorted(services)]


def only_new_volumes(
    model: ComposeModel, services: Collection[str], project: str, volumes: Mapping[str, VolumePlace]
) -> ComposeModel:
    """Those of `services` that mount a volume which the engine does not have yet, with those mounts
    alone."""
    names = {
        key: one["name"]
        for key, one in declared_volumes(model, project, used_volumes(model, services)).items()
    }
    found = {
        name: [
            mount
            for mount in model["services"][name].get("volumes") or []
            if mount["type"] == "volume"
            and names.get(mount.get("source") or "", "") not in {"", *volumes}
        ]
        for name in services
    }
    kept = {
        name: {"volumes": mounts, "labels": model["services"][name].get("labels")}
        for name, mounts in found.items()
        if mounts
    }
    return {"services": kept, "volumes": model.get("volumes") or {}}


def _claim(
    model: ComposeModel,
    name: str,
    project: str,
    volumes: Mapping[str, VolumePlace],
    look: Callable[[str], PathLook],
) -> Claim:
    service = model["services"][name]
    environment = service.get("environment") or {}
    databases = [
        environment.get(key)
        for key in ("MYSQL_DATABASE", "MARIADB_DATABASE", "POSTGRES_DB", "MONGO_INITDB_DATABASE")
    ]
    return Claim(
        name,
        service.get("container_name", ""),
        tuple(_mounts(model, service, project, volumes, look)),
        tuple(published_ports(model, name)),
        frozenset(str(one) for one in databases if one),
        str((service.get("labels") or {}).get(SEPARATE_LABEL, "")).lower() == "true",
    )


def _mounts(
    model: ComposeModel,
    service: Mapping[str, Any],
    project: str,
    volumes: Mapping[str, VolumePlace],
    look: Callable[[str], PathLook],
) -> Iterator[Mounted]:
    for mount in service.get("volumes") or []:
        source, writable = mount.get("source") or "", not mount.get("read_only", False)
        if mount["type"] == "bind":
            path = look(source)
            yield Mounted(
                source,
                frozenset({path.real}),
                mount["target"],
                writable and not path.is_file,
                path.is_new,
            )
        elif mount["type"] == "volume" and source:
            declared = (model.get("volumes") or {}).get(source) or {}
            name = declared.get("name") or f"{project}_{source}"
            device = (declared.get("driver_opts") or {}).get("device", "")
            places = {*_places(volumes.get(name)), look(device).real if device else ""} - {""}
            yield Mounted(name, frozenset(places), mount["target"], writable, is_new=not places)


def _places(volume: VolumePlace | None) -> tuple[str, ...]:
    return (volume.mountpoint, volume.device) if volume else ()

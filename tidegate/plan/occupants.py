"""The containers of a host, whoever started them, and the data inside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tidegate.facts import FORWARDS_TO_LABEL

_NO_DATA = (
    "/etc/",
    "/docker-entrypoint",
    "/dev/",
    "/proc/",
    "/sys/",
    "/run/",
    "/var/run/",
    "/usr/",
)
"""Begin the places inside a container where configuration is mounted, not data."""


@dataclass(frozen=True)
class VolumePlace:
    """Where a volume lies: its folder, and the folder or device that stands behind it where it was
    made so."""

    mountpoint: str
    device: str


@dataclass(frozen=True)
class PathLook:
    """A path of the host: where links lead, and what is there."""

    real: str
    is_file: bool
    is_new: bool
    """Nothing is there, or an empty folder."""


@dataclass(frozen=True)
class Mounted:
    """Data inside a container."""

    name: str
    """The volume's name or the path, for people."""
    places: frozenset[str]
    """Where it lies on the host; empty for a volume that does not exist yet."""
    target: str
    is_writable: bool
    is_new: bool = False

    @property
    def is_data(self) -> bool:
        return self.is_writable and not (self.target.rstrip("/") + "/").startswith(_NO_DATA)


@dataclass(frozen=True)
class Occupant:
    """A container of the host, whoever started it, running or not."""

    id: str
    name: str
    project: str
    service: str
    mounts: tuple[Mounted, ...]
    ports: frozenset[tuple[str, int]]
    """Address and TCP port that it has of the host now."""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def whose(self) -> str:
        if owner := self.labels.get(FORWARDS_TO_LABEL):
            return f"{owner}, which keeps its ports and names (`kept_ports`, `known_as`),"
        return f"the container {self.name}" + (
            f" of the compose project {self.project}" if self.project else ""
        )

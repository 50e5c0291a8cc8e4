"""Where databases and brokers keep their data inside a container, by the name of the image."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from tidegate.proposal.image_names import written_tag
from tidegate.proposal.known_images import ENGINES, works_on_data
from tidegate.stack.bind_mounts import is_inside

_BITNAMI = re.compile(r"bitnami\w*/(postgresql|mysql|mariadb|mongodb)(?:[:@]|\Z)")
_DATADIR = re.compile(r"--datadir(?:=|\s+)(\S+)")
FIRST_OF_NEW_POSTGRES = 18
_OF_TIMESCALE = PurePosixPath("/home") / "postgres" / "pgdata"


@dataclass(frozen=True)
class DataFolder:
    """`volume` is the one that the image itself declares at `path` or above it: a mount above that
    one keeps nothing, since Docker lays a volume without a name over it."""

    path: str
    volume: str = ""

    def is_kept_by(self, mount: str) -> bool:
        is_covered = self.volume != mount and is_inside(self.volume, mount)
        return is_inside(self.path, mount) and not (self.volume and is_covered)

    @property
    def to_mount(self) -> str:
        return self.volume or self.path

    def moved(self, path: str) -> DataFolder:
        """By a setting of the server."""
        is_below = self.volume and is_inside(path, self.volume)
        return replace(self, path=path, volume=self.volume if is_below else "")


def _own(path: str) -> DataFolder:
    return DataFolder(path, path)


_OLD_POSTGRES = _own("/var/lib/postgresql/data")
_NEW_POSTGRES = DataFolder("/var/lib/postgresql/18/docker", "/var/lib/postgresql")
_KNOWN: tuple[tuple[re.Pattern[str], tuple[DataFolder, ...]], ...] = (
    (re.compile(r"timescaledb-ha"), (DataFolder(str(_OF_TIMESCALE / "data")),)),
    (ENGINES["postgresql"], (_OLD_POSTGRES, _NEW_POSTGRES)),
    (re.compile(r"linuxserver/mariadb"), (DataFolder("/config/databases", "/config"),)),
    (ENGINES["mysql"], (_own("/var/lib/mysql"),)),
    (re.compile(r"(?:^|/)mongo(?:db)?(?:[-_.:@]|\Z)"), (_own("/data/db"),)),
    (
        re.compile(r"(?:^|/)rabbitmq(?:[-_.:@]|\Z)"),
        (DataFolder("/var/lib/rabbitmq/mnesia", "/var/lib/rabbitmq"),),
    ),
    (
        re.compile(r"(?:^|/)elasticsearch(?:[-_.:@]|\Z)"),
        (DataFolder("/usr/share/elasticsearch/data"),),
    ),
    (re.compile(r"(?:^|/)opensearch(?:[-_.:@]|\Z)"), (DataFolder("/usr/share/opensearch/data"),)),
    (
        re.compile(r"(?:^|/)clickhouse(?:-server)?(?:[-_.:@]|\Z)"),
        (_own("/var/lib/clickhouse"),),
    ),
    (
        re.compile(r"(?:^|/)influxdb(?:[-_.:@]|\Z)"),
        (_own("/var/lib/influxdb2"), _own("/var/lib/influxdb")),
    ),
    (re.compile(r"(?:^|/)couchdb(?:[-_.:@]|\Z)"), (_own("/opt/couchdb/data"),)),
    (
        re.compile(r"(?:^|/)(?:mssql/server|azure-sql-edge)(?:[-_.:@]|\Z)"),
        (DataFolder("/var/opt/mssql/data"),),
    ),
)
"""Of what keeps data without being told to; several where the version decides and is not known."""


def data_folders(service: Mapping[str, Any], image: str, engine: str) -> Sequence[DataFolder]:
    """Of a service of a compose file; empty for what is none, or keeps nothing by itself. `image`
    is its image without a tag, `engine` counts where that is not known."""
    found = _known(image, _major(service)) or _known(engine, 0)
    command = service.get("command") or ()
    words = command if isinstance(command, str) else " ".join(map(str, command))
    moved = (service.get("environment") or {}).get("PGDATA") or next(
        iter(_DATADIR.findall(words)), None
    )
    return [one.moved(str(moved)) for one in found] if moved else found


def _known(image: str, major: int) -> Sequence[DataFolder]:
    if works_on_data(image):
        return ()
    if "bitnami" in image:
        name = _BITNAMI.search(image)
        return (DataFolder(f"/bitnami/{name[1]}/data"),) if name else ()
    found = next((folders for form, folders in _KNOWN if form.search(image)), ())
    if len(found) > 1 and found[-1] is _NEW_POSTGRES and major:
        return found[:1] if major < FIRST_OF_NEW_POSTGRES else found[1:]
    return found


def _major(service: Mapping[str, Any]) -> int:
    """Of PostgreSQL: 16 of `16.4-alpine`, `pg16` and `2.14.1-pg16`; 0 where nothing says it."""
    tag = "" if service.get("build") else written_tag(str(service.get("image") or "")) or ""
    found = re.search(r"pg(\d+)", tag) or re.match(r"v?(\d+)", tag)
    return int(found[1]) if found else 0


def is_kept(folders: Collection[DataFolder], mounts: Collection[str]) -> bool:
    return any(folder.is_kept_by(mount) for folder in folders for mount in mounts)

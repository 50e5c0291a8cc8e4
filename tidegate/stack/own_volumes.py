"""Named volumes that one service alone writes into: where it runs twice, both write there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def own_volumes(services: Mapping[str, Any], name: str, folders: Collection[str] = ()) -> list[str]:
    """Of the service `name`, in the order of its mounts; those of the host's `folders` too. A
    volume that another service may write into too is shared by design."""
    others = {
        volume
        for other, service in services.items()
        if other != name
        for volume in written_volumes(service, folders)
    }
    return [volume for volume in written_volumes(services[name], folders) if volume not in others]


def written_volumes(service: Mapping[str, Any], folders: Collection[str] = ()) -> list[str]:
    """Not those that it mounts with `:ro`; those of the host's `folders` too."""
    mounts = [one for one in service.get("volumes") or () if isinstance(one, Mapping)]
    return [
        str(one["source"])
        for one in mounts
        if one.get("source")
        and not one.get("read_only")
        and (one.get("type") == "volume" or one["source"] in folders)
    ]

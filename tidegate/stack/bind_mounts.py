"""Files and folders of the host that containers are given: some belong to the release, some are
written meanwhile.

What a container may write is never copied with a release: every slot mounts the place itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from tidegate.errors import StackFileError
from tidegate.facts import ComposeModel
from tidegate.stack.data import State

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}", re.ASCII)


@dataclass(frozen=True)
class Written:
    """A place of the host that the stack file names because containers write into it."""

    named: str
    """As the stack file names it."""
    path: str
    """On the host, from `/` on."""
    reason: str = ""
    """Why it is not saved; empty where it is."""

    @property
    def part(self) -> str:
        """Its name in a backup: no volume can have it."""
        return "files:" + quote(self.named.removeprefix("./").rstrip("/"), safe="${}")


def written_places(state: State, folder: Path, values: Mapping[str, str]) -> tuple[Written, ...]:
    """What the stack file names, data first. Raises StackFileError for what leads nowhere."""
    found = [(f"state.files[{place}]", named, "") for place, named in enumerate(state.files)]
    found += [
        (f"state.scratch[{place}]", one.path, one.reason) for place, one in enumerate(state.scratch)
    ]
    places = [
        (where, Written(named, host_path(named, folder, values), reason))
        for where, named, reason in found
    ]
    if faults := [*_lost(places, folder), *_twice(places)]:
        raise StackFileError(
            f"looking for what containers of {folder.name} write",
            "; ".join(faults),
            "Correct `state` in stack.yaml",
        )
    return tuple(one for _, one in places)


def live_paths(model: ComposeModel, named: Sequence[Written]) -> frozenset[str]:
    """Where something is written while containers run: all writable bind mounts, and what is
    named."""
    mounts = (mount for service in model["services"].values() for mount in bind_mounts(service))
    return frozenset(
        {str(mount["source"]) for mount in mounts if not mount.get("read_only")}
        | {one.path for one in named}
    )


def is_live(source: str, live: Collection[str]) -> bool:
    """Whether something in it, or around it, is written: then a copy would be another thing."""
    return any(is_inside(source, path) or is_inside(path, source) for path in live)


def is_inside(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def bind_mounts(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [mount for mount in service.get("volumes") or [] if mount["type"] == "bind"]


def unmounted(model: ComposeModel, named: Sequence[Written]) -> list[str]:
    """What is named and mounted by no service: nobody knows what was meant."""
    sources = [
        str(mount["source"])
        for service in model["services"].values()
        for mount in bind_mounts(service)
    ]
    return [
        f"state: {one.named} is mounted by no service of the compose files"
        for one in named
        if not any(is_inside(source, one.path) for source in sources)
    ]


def missing_files(named: Sequence[Written]) -> list[str]:
    """What is named like a file and is not there: the engine would make a folder of that name."""
    return [
        f"state: {one.named} is not there: make it (`touch`), or the engine "
        "makes a folder of that name"
        for one in named
        if PurePosixPath(one.path).suffix and not os.path.lexists(one.path)
    ]


def out_of_reach(model: ComposeModel, folder: Path, engine: str) -> list[str]:
    """What containers are given of the team's folder, where the engine is on another machine and
    cannot find it."""
    if is_local(engine):
        return []
    mounted = [
        (f"services.{name}.volumes: {mount['target']}", str(mount["source"]))
        for name, service in model["services"].items()
        for mount in bind_mounts(service)
    ]
    given = [
        (f"{part}.{name}", str(one["file"]))
        for part in ("configs", "secrets")
        for name, one in (model.get(part) or {}).items()
        if "file" in one
    ]
    return [
        f"{where} comes from {shown(source, folder)}, which is on this machine and not on {engine}"
        for where, source in [*mounted, *given]
        if is_inside(source, str(folder))
    ]


def is_local(engine: str) -> bool:
    """Whether the engine at this address sees the files of this machine."""
    return (
        not engine
        or engine.startswith(("unix://", "npipe://"))
        or bool(
            re.match(
                r"(tcp|http|https|ssh)://([^/@]*@)?(localhost|127\.[\d.]+|\[::1\])(:|/|\Z)", engine
            )
        )
    )


def shown(path: str, folder: Path) -> str:
    """As a person writes it: from the stack's folder on, where it is in there."""
    return f"./{PurePosixPath(path).relative_to(folder)}" if is_inside(path, str(folder)) else path


def host_path(named: str, folder: Path, values: Mapping[str, str]) -> str:
    """Where a path of the stack file leads on the host; empty where a variable in it has no
    value."""
    known = {"PWD": str(folder), "HOME": os.path.expanduser("~"), **values}
    if any(not known.get(name) for name in _VARIABLE.findall(named)):
        return ""
    filled = _VARIABLE.sub(lambda found: known[found[1]], named)
    return os.path.normpath(folder / os.path.expanduser(filled))  # as compose reads `~`


def _lost(places: Sequence[tuple[str, Written]], folder: Path) -> Iterator[str]:
    for where, one in places:
        if not one.path:
            yield f"{where}: the env file has no value for {one.named}"
        elif is_inside(str(folder), one.path):
            yield f"{where}: {one.named} holds stack.yaml itself; name a folder in it"


def _twice(places: Sequence[tuple[str, Written]]) -> Iterator[str]:
    for where, one in places:
        yield from (
            f"{where}: {one.named} lies in {other.named}, which is named too"
            for _, other in places
            if other is not one and one.path and other.path and is_inside(one.path, other.path)
        )

"""Folders of the host that containers write into: data of the team, unless they are the source of
an image."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel

_BY_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*\}/[\w./-]+")


def written_folders(model: ComposeModel, services: Collection[str], folder: str) -> tuple[str, ...]:
    """As a stack file names them: `./media`, `${DATA}/export`. A file with an ending is a
    configuration that somebody forgot to mount read-only, and what holds a build's context is
    code."""
    contexts = [
        str((one.get("build") or {}).get("context", "")) for one in model["services"].values()
    ]
    found = [
        named
        for name in services
        for mount in model["services"][name].get("volumes") or ()
        if (named := _named(mount, folder, [one for one in contexts if one.startswith("/")]))
    ]
    return tuple(dict.fromkeys(found))


def _named(mount: Mapping[str, Any], folder: str, contexts: Collection[str]) -> str | None:
    source = str(mount.get("source") or "")
    if mount.get("read_only") or PurePosixPath(source).suffix:
        return None
    if _BY_VARIABLE.fullmatch(source):
        return source
    if (
        mount.get("type") != "bind"
        or not _is_inside(source, folder)
        or any(_is_inside(one, source) for one in contexts)
    ):
        return None
    return "./" + os.path.relpath(source, folder)


def _is_inside(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)

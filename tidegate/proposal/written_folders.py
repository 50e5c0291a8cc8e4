"""Folders and files of the host that containers are given: what they write is data, what git has is
configuration or code."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel

_BY_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*\}(?:/[\w./-]+)?")
_WITH_DEFAULT = re.compile(r"\$\{([A-Za-z_]\w*)(?::?[-?][^{}]*)?\}")
_PLACE_HOLDERS = (".gitkeep", ".keep", ".gitignore", "README.md")
_CODE = (".py", ".js", ".ts", ".tsx", ".jsx", ".vue", ".php", ".rb", ".go", ".java", ".rs", ".cs")


@dataclass(frozen=True)
class Mounts:
    """Bind mounts that a compose file does not call read only, as a stack file names them."""

    written: tuple[str, ...] = ()
    """`./media`, `${DATA}/export`: data."""
    read_only: tuple[str, ...] = ()
    """Configuration: what git has and no image is built from, and single files."""
    developers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Service -> paths inside its container, over which a developer's code is laid."""


def mounts_of(
    model: ComposeModel,
    services: Collection[str],
    folder: str,
    tracked: Collection[str],
    released: Collection[str],
) -> Mounts:
    """Of `services`; `tracked` are whole paths that git has. What base services read stays as it
    is."""
    contexts = [
        str((one.get("build") or {}).get("context", "")) for one in model["services"].values()
    ]
    contexts = [one for one in contexts if one.startswith("/")]
    written: dict[str, None] = {}
    read_only: dict[str, None] = {}
    developers: dict[str, tuple[str, ...]] = {}
    for name, mount in _writable(model, services):
        source, named = str(mount.get("source") or ""), _named(mount, folder)
        if _is_code(source, contexts, tracked) or _is_told(model["services"][name], source):
            developers[name] = (*developers.get(name, ()), str(mount["target"]))
        elif named and (_has(source, tracked) or _is_single_file(source)):
            read_only |= {named: None} if name in released else {}
        elif named:
            written[named] = None
    own = {name: targets for name, targets in developers.items() if name in released}
    return Mounts(_outermost(written), tuple(read_only), own)


def _writable(
    model: ComposeModel, services: Collection[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in services:
        for mount in model["services"][name].get("volumes") or ():
            if not mount.get("read_only"):
                yield name, mount


def _is_code(source: str, contexts: Collection[str], tracked: Collection[str]) -> bool:
    """A folder that images are built from, or one in it that holds code."""
    if any(_is_inside(one, source) for one in contexts):
        return True
    return any(_is_inside(source, one) for one in contexts) and any(
        one.endswith(_CODE) for one in tracked if _is_inside(one, source)
    )


def _is_told(service: Mapping[str, Any], source: str) -> bool:
    """Whether the container has what is in the file by `env_file:` already: that of its own
    environment."""
    said = service.get("env_file") or ()
    return source in (one.get("path") if isinstance(one, Mapping) else one for one in said)


def _is_single_file(source: str) -> bool:
    """By its name: `.env` has no suffix, and is a file all the same."""
    path = PurePosixPath(source)
    return bool(path.suffix) or path.name == ".env"


def _has(source: str, tracked: Collection[str]) -> bool:
    """Whether git has it, or something in it that is no place holder."""
    return any(
        _is_inside(one, source) and PurePosixPath(one).name not in _PLACE_HOLDERS for one in tracked
    )


def _named(mount: Mapping[str, Any], folder: str) -> str | None:
    source = str(mount.get("source") or "")
    if source.startswith("${"):
        plain = _WITH_DEFAULT.sub(r"${\1}", source, count=1)
        return plain if _leads_somewhere(source) and _BY_VARIABLE.fullmatch(plain) else None
    if mount.get("type") != "bind" or not _is_inside(source, folder) or source == folder:
        return None
    return "./" + os.path.relpath(source, folder)


def _leads_somewhere(source: str) -> bool:
    """Whether a variable stands for a folder of the host; its default may be the name of a
    volume."""
    found = re.fullmatch(r"\$\{\w+:?-([^{}]*)\}", source)
    return not found or found[1].startswith((".", "/", "~"))


def _outermost(named: Collection[str]) -> tuple[str, ...]:
    """What lies in another one of them needs no name."""
    return tuple(
        one for one in named if not any(_is_inside(one, other) for other in named if other != one)
    )


def _is_inside(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)

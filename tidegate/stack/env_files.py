"""`env_file:` of compose files, where a path in it means the environment's own env file.

A team's server has its values in `.env`; here each environment has a file of its own, and the
compose files stay as they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.variables import filled

TO_MEAN = (
    "Where this environment's own env file is meant, write `env_file_as: [{file}]` "
    "beside its `env_file` in stack.yaml; otherwise make the file, "
    "as the application's own description says"
)
_MISSING = re.compile(r"env file (/.+?) not found")


def missing_env_file(said: str, folder: Path) -> str:
    """The one that compose could not find, as a person writes it; empty where it says no such
    thing. A clone seldom has it: it is on the team's server, and not in git."""
    found = _MISSING.search(said)
    return os.path.relpath(found[1], folder) if found else ""


def environment_of(service: Mapping[str, Any]) -> dict[str, Any]:
    """What a service's `environment:` says, as a mapping: where its variables are left as they
    stand, Compose leaves a list a list. None: a name without a value."""
    said = service.get("environment") or {}
    if isinstance(said, Mapping):
        return dict(said)
    return {
        key: value if mark else None
        for one in said
        for key, mark, value in [str(one).partition("=")]
    }


def env_files_of(service: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Paths of the files whose content becomes the environment or the labels of a service, with
    `values` put in. `service` is as the compose files write it."""
    both = (*(service.get("env_file") or ()), *(service.get("label_file") or ()))
    return [_path(one, values) for one in both]


def own_paths(folder: Path, names: Iterable[str]) -> frozenset[str]:
    """What `env_file_as` names, as compose writes paths."""
    return frozenset(os.path.normpath(folder / name) for name in names)


def without_own(
    written: ComposeModel,
    own: Collection[str],
    values: Mapping[str, str],
    left_out: Collection[str] = (),
) -> str:
    """A compose file that takes `own` paths out of every `env_file:`, and all paths out of those of
    services that are `left_out`; empty where none has one."""
    over: dict[str, dict[str, list[Any]]] = {
        name: {"env_file": kept} for name, kept in _kept(written, own, values)
    }
    for name in left_out:
        service = written["services"].get(name, {})
        over[name] = {part: [] for part in ("env_file", "label_file") if service.get(part)}
    lines = [
        f"  {json.dumps(name)}: {{{part}: !override {json.dumps(kept)}}}\n"
        for name, parts in over.items()
        for part, kept in parts.items()
    ]
    return f"services:\n{''.join(lines)}" if lines else ""


def given_own(
    model: ComposeModel, written: ComposeModel, own: Collection[str], values: Mapping[str, str]
) -> ComposeModel:
    """The model with `values` in the place of each `own` path. What `environment:` says goes first,
    then the later of two files, as compose does it."""
    services = {**model["services"]}
    for name, _ in _kept(written, own, values):
        if name in services:
            said = written["services"][name]
            is_last = _path(said["env_file"][-1], values) in own
            there = services[name].get("environment") or {}
            told = {key: there[key] for key in environment_of(said) if key in there}
            both = {**there, **values} if is_last else {**values, **there}
            services[name] = {**services[name], "environment": {**both, **told}}
    return {**model, "services": services}


def _kept(
    written: ComposeModel, own: Collection[str], values: Mapping[str, str]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Of each service that names an own path: the entries that stay, as they mean it."""
    for name, service in written["services"].items():
        entries = service.get("env_file") or []
        paths = [_path(one, values) for one in entries]
        if {*paths} & {*own}:
            pairs = zip(entries, paths, strict=True)
            yield name, [{**_entry(one), "path": path} for one, path in pairs if path not in own]


def _entry(one: object) -> dict[str, Any]:
    return dict(one) if isinstance(one, Mapping) else {}


def _path(one: object, values: Mapping[str, str]) -> str:
    """Compose puts the folder before a path that begins with a variable: one that is absolute then
    follows `//`."""
    said = filled(str(one["path"] if isinstance(one, Mapping) else one), values)
    return os.path.normpath("/" + said.rpartition("//")[2] if "//" in said else said)

"""Logins of a stack's databases, read where the team wrote them: env file, `environment:`,
`KEY_FILE` and compose secrets.

The first of these that has a key counts; of the services the released ones are asked first, as the
application asks. Where two servers are told theirs by the same keys, what each itself is told
counts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import bind_mounts
from tidegate.stack.names import names_in_slot

SECRETS_FOLDER = "/run/secrets"
_FILE = "_FILE"
"""At the end of a key, as the official images read it: its value is the path of a file that holds
the value."""


def logins_in(
    model: ComposeModel,
    services: Sequence[str],
    keys: Iterable[str],
    values: Mapping[str, str],
    read: Callable[[Path], str],
) -> dict[str, str]:
    """Those of `keys` that the compose files give to `services`; `values` are the env file's,
    `read` reads a file."""
    found = {}
    for key in set(keys) - {key for key, value in values.items() if value}:
        given = (value for name in services for value in _given(model, name, key, values, read))
        if (value := next(given, None)) is not None:
            found[key] = value
    return found


def logins_of_server(
    model: ComposeModel,
    service: str,
    released: Sequence[str],
    keys: Iterable[str],
    values: Mapping[str, str],
    read: Callable[[Path], str],
) -> dict[str, str]:
    """Those of `keys` that mean this server alone: what its own `service` is told, or an address
    among what `released` services are told that leads to it."""
    names = "|".join(map(re.escape, names_in_slot(model, service, released)))
    leads_here = re.compile(rf"\w://(?:[^@/]*@)?(?:{names})(?:[:/?]|\Z)")
    found = {}
    for key in keys:
        own = _given(model, service, key, values, read)
        told = (value for name in released for value in _given(model, name, key, values, read))
        if value := next(own, None) or next(filter(leads_here.search, told), None):
            found[key] = value
    return found


def read_secret(path: Path) -> str:
    """Without the line's end that an editor leaves; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").rstrip("\r\n")
    except OSError:
        return ""


def _given(
    model: ComposeModel, name: str, key: str, values: Mapping[str, str], read: Callable[[Path], str]
) -> Iterator[str]:
    service = model["services"].get(name) or {}
    environment = service.get("environment") or {}
    if environment.get(key) not in (None, ""):
        yield str(environment[key])
    elif path := environment.get(key + _FILE):
        yield from filter(None, _in_file(model, service, str(path), values, read))


def _in_file(
    model: ComposeModel,
    service: Mapping[str, Any],
    path: str,
    values: Mapping[str, str],
    read: Callable[[Path], str],
) -> Iterator[str]:
    """What stands at `path` inside a container of `service`."""
    for one in service.get("secrets") or ():
        target = os.path.join(SECRETS_FOLDER, one.get("target") or one["source"])
        declared = (model.get("secrets") or {}).get(one["source"]) or {}
        if PurePosixPath(target) == PurePosixPath(path):
            if "file" in declared:
                yield read(Path(declared["file"]))
            elif "environment" in declared:
                yield values.get(declared["environment"], "")
    yield from (
        read(Path(mount["source"])) for mount in bind_mounts(service) if mount["target"] == path
    )

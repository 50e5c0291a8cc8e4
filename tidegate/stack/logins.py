"""Logins of a stack's databases, read where the team wrote them: env file, `environment:`,
`KEY_FILE` and compose secrets.

The first of these that has a key counts; of the services the released ones are asked first, as the
application asks. Keys by which two servers are told theirs mean to each what itself is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import bind_mounts
from tidegate.stack.data import Database
from tidegate.stack.names import names_in_slot

SECRETS_FOLDER = "/run/secrets"
_FILE = "_FILE"
"""At the end of a key, as the official images read it: its value is the path of a file that holds
the value."""
_HOSTS = re.compile(r"(?:^|[?&\s])host=([^&\s]+)")
"""In the options of an address, and in a list of them."""


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


def own_logins(
    model: ComposeModel,
    spec: Database,
    keys: Collection[str],
    released: Sequence[str],
    values: Mapping[str, str],
    read: Callable[[Path], str],
) -> dict[str, str]:
    """What `keys` mean for the server of `spec`, where they mean another thing for another server:
    what its own service is told, the name of its service, the address that leads to it. Empty where
    nobody says so: a guess could lead to the other server."""
    service = str(spec.service)
    found = {
        key: next(_given(model, service, key, values, read), "")
        for key in keys
        if key not in (spec.host_key, spec.url_key)
    }
    if spec.host_key and spec.host_key in keys:
        found[spec.host_key] = service
    if spec.url_key and spec.url_key in keys:
        said = [values.get(spec.url_key, "")]
        for name in (service, *released):
            said += _given(model, name, spec.url_key, values, read)
        names = _names(model, service, released)
        found[spec.url_key] = next((one for one in said if names & _hosts_in(one)), "")
    return found


def _names(model: ComposeModel, service: str, released: Sequence[str]) -> set[str]:
    """By which the released services call it."""
    if service not in model["services"]:
        return {service.lower()}
    together = [name for name in released if name in model["services"]]
    return {name.lower() for name in names_in_slot(model, service, together)}


def _hosts_in(address: str) -> set[str]:
    """`postgres://user:password@orders-db:5432/orders`, `host=orders-db dbname=orders`. A password
    may hold anything but a `?`."""
    place = address.partition("?")[0].partition("://")[2]
    first = re.split(r"[/#]", place.rpartition("@")[2])[0]
    hosts = [*first.split(","), *_HOSTS.findall(address)]
    return {host.partition(":")[0].strip().lower() for host in hosts}


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

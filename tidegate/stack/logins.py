"""Logins of a stack's databases, read where the team wrote them: env file, `environment:`,
`KEY_FILE` and compose secrets.

The first of these that has a key counts; of the services the released ones are asked first, as the
application asks. Keys by which two servers are told different things mean to each its own.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import bind_mounts
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


def logins_apart(
    model: ComposeModel,
    servers: Mapping[str, Collection[str]],
    addresses: Collection[str],
    released: Sequence[str],
    values: Mapping[str, str],
    read: Callable[[Path], str],
) -> dict[str, dict[str, str]]:
    """What the keys that several `servers` share mean for each of them: by the service that runs
    it, by key; empty where only others are told theirs. `servers` are the keys of each one's login;
    those among `addresses` hold a host or an address.

    A key means what the service itself is told; an address, else, the one that leads to it, among
    what the env file and the `released` services say. A key that means the same to all is not in
    it.
    """
    found: dict[str, dict[str, str]] = {service: {} for service in servers}
    for key, times in Counter(chain.from_iterable(map(set, servers.values()))).items():
        if times < 2:
            continue
        said = [values.get(key, "")] if key in addresses else []
        for name in released if said else ():
            said += _given(model, name, key, values, read)
        means = {
            service: next(_given(model, service, key, values, read), None)
            or _leading_to(_names(model, service, released), said)
            for service, keys in servers.items()
            if key in keys
        }
        if len({*means.values()}) > 1:
            for service, value in means.items():
                found[service][key] = value
    return found


def _leading_to(names: Set[str], said: Iterable[str]) -> str:
    return next((value for value in said if not names.isdisjoint(_hosts_in(value))), "")


def _names(model: ComposeModel, service: str, released: Sequence[str]) -> Set[str]:
    """By which the released services call it."""
    if service not in model["services"]:
        return {service.lower()}
    together = [name for name in released if name in model["services"]]
    return {name.lower() for name in names_in_slot(model, service, together)}


def _hosts_in(value: str) -> set[str]:
    """Of a host or an address: `orders-db`, `postgres://user:password@orders-db:5432/orders`,
    `host=orders-db dbname=orders`."""
    place = value.partition("://")[2].rpartition("@")[2] or value.rpartition("://")[2]
    hosts = [*re.split(r"[/?#]", place)[0].split(","), *_HOSTS.findall(value)]
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

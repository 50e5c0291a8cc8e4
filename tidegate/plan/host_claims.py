"""What one environment takes of its host, and another one on the same host cannot have too."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tidegate.facts import ComposeModel
from tidegate.plan.occupants import Mounted
from tidegate.stack.bind_mounts import Written
from tidegate.stack.own_volumes import written_volumes
from tidegate.stack.slot import base_services, published_ports

SHARES_HOST = "Write `shares_host: true` for one of the two in stack.yaml"
ANOTHER_PLACE = "Write `${NAME}` in its place, and another value into each env file"


class HostClaim(NamedTuple):
    """`where` is the path in the compose files or the stack file, `what` what is taken: `the port
    5432`."""

    where: str
    what: str
    to_do: str


def host_claims(
    model: ComposeModel,
    released: Sequence[str],
    written: Sequence[Written] = (),
    saved: Sequence[str] = (),
) -> Iterator[HostClaim]:
    """Of base services, and of the places that are `written` and the volumes that are `saved`, or
    that a released service writes into."""
    for name in base_services(model, released):
        if fixed := model["services"][name].get("container_name"):
            where = f"services.{name}.container_name"
            yield HostClaim(where, f"the name {fixed}", SHARES_HOST)
        for _, port in published_ports(model, name):
            yield HostClaim(f"services.{name}.ports", f"the port {port}", SHARES_HOST)
    services = [model["services"][name] for name in released if name in model["services"]]
    kept = {*saved, *(key for one in services for key in written_volumes(one))}
    yield from shared_data(model, released, written, kept)


def shared_data(
    model: ComposeModel,
    released: Sequence[str],
    written: Sequence[Written] = (),
    saved: Collection[str] = (),
) -> Iterator[HostClaim]:
    """Of these the folders, volumes and networks that have one name in every environment: in each,
    one environment would work with the data of the other."""
    base = base_services(model, released)
    places = {one.path: "state" for one in reversed(written)}
    for name in base:
        places |= dict.fromkeys(_folders(model["services"][name]), f"services.{name}.volumes")
    for path, where in places.items():
        yield HostClaim(where, f"the folder {path}", ANOTHER_PLACE)
    own = {key for name in base for key in written_volumes(model["services"][name])}
    for key in sorted({*own, *saved}):
        if fixed := _fixed_name(model, "volumes", key):
            yield HostClaim(f"volumes.{key}", f"the volume {fixed}", ANOTHER_PLACE)
    for name in base:
        for key, alias in _aliases(name, model["services"][name]):
            fixed = _fixed_name(model, "networks", key)
            if fixed and _is_called(model, name, alias):
                what = f"the name {alias} in the network {fixed}"
                yield HostClaim(f"networks.{key}", what, ANOTHER_PLACE)


def _folders(service: Mapping[str, Any]) -> Iterator[str]:
    """Of the host, with data in them."""
    for one in service.get("volumes") or ():
        source = str(one.get("source") or "")
        mounted = Mounted(source, frozenset(), one["target"], not one.get("read_only"))
        if one["type"] == "bind" and mounted.is_data and not Path(source).is_file():
            yield source


def _fixed_name(model: ComposeModel, kind: str, key: str) -> str:
    """The engine's name of a volume or network, where it is the same in every environment; empty
    where Compose makes it of the project's name."""
    declared = (model.get(kind) or {}).get(key) or {}
    name = str(declared.get("name") or (key if declared.get("external") else ""))
    return "" if name == f"{model.get('name')}_{key}" and not declared.get("external") else name


def _is_called(model: ComposeModel, name: str, alias: str) -> bool:
    """Whether another service speaks to it by this name, as far as the compose files say it."""
    called = re.compile(rf"(?<![\w.-]){re.escape(alias)}(?![\w.-]|://)")  # `redis://` calls nobody
    parts = ("environment", "command", "entrypoint")
    others = [one for other, one in model["services"].items() if other != name]
    return any(called.search(str(one.get(part))) for one in others for part in parts)


def _aliases(name: str, service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key of each of its networks, with each name by which others call it there."""
    for key, options in (service.get("networks") or {}).items():
        for alias in (name, *((options or {}).get("aliases") or ())):
            yield key, alias

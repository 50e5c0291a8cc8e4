"""Compose files with what the stack file says of them: so a team's files stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tidegate.errors import StackFileError
from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import host_path, is_inside
from tidegate.stack.file import Stack
from tidegate.stack.roles import without_left_out

_CLOCK = {"/etc/localtime", "/etc/timezone"}
"""Of the host: nobody means to write them, whether the compose file says `:ro` or not."""


def as_said(
    model: ComposeModel, stack: Stack, environment: str, values: Mapping[str, str]
) -> ComposeModel:
    """`model` as releases to `environment` mean it; `values` are those of its env file. Raises
    StackFileError for what names nothing."""
    kept = without_left_out(model, stack.left_out)
    only_read = {one: host_path(one, stack.folder, values) for one in stack.state.read_only}
    if faults := [*_faults(kept, stack, only_read)]:
        raise StackFileError(
            f"reading the compose files of {stack.name} for {environment}",
            "; ".join(faults),
            "Correct stack.yaml",
        )
    left = {one.name: {*one.not_mounted} for one in stack.services}
    read_only = {*only_read.values()} | _CLOCK
    shares = stack.environments[environment].shares_host
    released = [one.name for one in stack.services]

    def changed(name: str, service: dict[str, Any]) -> dict[str, Any]:
        service = _mounted(service, left.get(name, set()), read_only)
        service = _ending(service) if name in stack.one_shots else service
        return _beside(service) if shares and name not in released else service

    services = kept["services"].items()
    return {**kept, "services": {name: changed(name, one) for name, one in services}}


def _mounted(
    service: dict[str, Any], left: Collection[str], read_only: Collection[str]
) -> dict[str, Any]:
    """Without the mounts at the paths `left`; what is `read_only` nothing writes into."""
    if "volumes" not in service:
        return service
    mounts = [
        {**one, "read_only": True} if _is_in(one.get("source"), read_only) else one
        for one in service["volumes"]
        if one["target"] not in left
    ]
    return {**service, "volumes": mounts}


def _is_in(source: object, places: Collection[str]) -> bool:
    return any(is_inside(str(source), place) for place in places)


def _ending(service: dict[str, Any]) -> dict[str, Any]:
    """As compose files say it of themselves: `restart: "no"`, and nobody asks whether it is
    healthy."""
    return {key: value for key, value in service.items() if key not in ("healthcheck", "ports")} | {
        "restart": "no"
    }


def _beside(service: dict[str, Any]) -> dict[str, Any]:
    """Its fixed name is only one of its names in its networks, and it takes no port of the
    host."""
    name = service.get("container_name")
    rest = {key: value for key, value in service.items() if key not in ("container_name", "ports")}
    if not name:
        return rest
    networks = {
        key: {**(how or {}), "aliases": [*((how or {}).get("aliases") or []), name]}
        for key, how in (service.get("networks") or {}).items()
    }
    return {**rest, **({"networks": networks} if networks else {})}


def _faults(model: ComposeModel, stack: Stack, read_only: Mapping[str, str]) -> Iterator[str]:
    services: Mapping[str, Any] = model["services"]
    for place, one in enumerate(stack.services):
        targets = {mount["target"] for mount in services.get(one.name, {}).get("volumes") or ()}
        for target in one.not_mounted:
            if target not in targets:
                yield f"services[{place}].not_mounted: nothing is mounted at {target} in {one.name}"
    sources = {
        mount.get("source") for one in services.values() for mount in one.get("volumes") or ()
    }
    for place, (named, path) in enumerate(read_only.items()):
        if not path:
            yield f"state.read_only[{place}]: the env file has no value for {named}"
        elif path not in sources:
            yield f"state.read_only[{place}]: {named} is mounted by no service of the compose files"
    for place, name in enumerate(stack.one_shots):
        if name not in services:
            yield f"one_shots[{place}]: {name} is not in the compose files"

"""From a team's compose model (`docker compose config --format json`) to one slot that can run
beside another.

Compose answers for a service's name in every network it is in. Two slots on a shared network would
answer for each other; so in a slot each service is renamed `<service>-<number>`, and keeps its own
name only in the slot's own network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tidegate.errors import StackFileError
from tidegate.facts import ONE_SHOT_LABEL, ComposeModel, Slot
from tidegate.stack.names import names_in_slot
from tidegate.stack.other_proxies import without_other_proxies
from tidegate.stack.roles import ALONE_LABEL

SLOT_NETWORK = "tidegate-slot"
EDGE_NETWORK = "tidegate-edge"
"""Keys inside the slot's model, not the engine's names."""

_TAKEN_OUT = frozenset(
    {"container_name", "ports", "build", "profiles", "links", "networks", "depends_on", "develop"}
)
_FIXED_ADDRESS = frozenset({"ipv4_address", "ipv6_address", "link_local_ips", "mac_address"})
_LONGEST_LABEL = 63


def make_slot(
    model: ComposeModel,
    *,
    base_project: str,
    project: str,
    number: int,
    released: Sequence[str],
    images: Mapping[str, str],
    edge_network: str,
    labels: Mapping[str, str],
    alone: Collection[str] = (),
    jobs: Collection[str] = (),
) -> Slot:
    """The released services of `model`, ready to run beside other slots, on the base project's
    networks and volumes.

    `base_project` is the project under which `model` was read; `images` is an engine image id or
    pulled digest per released service; those that run `alone` are marked, and the `jobs`, which
    end. Raises StackFileError when a service cannot be put into a slot.
    """
    if faults := list(_faults(model, project, released, images)):
        raise StackFileError(
            f"making the slot {project}", "; ".join(faults), "Correct the compose or stack file"
        )
    services = {
        _renamed(name, number): _service(
            model,
            name,
            project,
            number,
            released,
            images[name],
            edge_network,
            {
                **({ONE_SHOT_LABEL: "true"} if name in jobs else {}),
                **labels,
                **({ALONE_LABEL: "true"} if name in alone else {}),
            },
        )
        for name in released
    }
    return Slot(
        project,
        {
            "name": project,
            "services": services,
            "networks": _networks(model, services, base_project, project, edge_network, labels),
            "volumes": _volumes(model, services, base_project),
            **{part: model[part] for part in ("configs", "secrets") if part in model},
        },
    )


def edge_alias(project: str, service: str) -> str:
    """The name by which the edge reaches a slot's service: `cloudlens-prod-42-backend`."""
    return f"{project}-{service}".lower()


def slot_network_name(project: str) -> str:
    """The engine's name of a slot's own network. An engine looks a name up in a container's
    networks by their alphabet: this one comes first, so a slot finds its own services before those
    of others."""
    return f"0-{project}"


def edge_network_name(edge: str, stack: str, environment: str) -> str:
    """The engine's name of the network on which one environment's slots meet the edge, and nobody
    else is."""
    return f"{edge}_{stack}_{environment}"


def control_network_name(edge: str) -> str:
    """The engine's name of the edge's own network. It stands before all others in the alphabet: an
    engine publishes a container's ports by its first network, and those of the check entry point
    must be published by this one."""
    return f"0-{edge}"


def foreign_edge_networks(model: ComposeModel, edge: str) -> list[str]:
    """One text per service that the compose files put on a network of the edge, where it could
    reach other stacks."""
    joined = [
        (f"{name}.networks", _network_name(model, key) or "")
        for name, service in model["services"].items()
        for key in service.get("networks") or {}
    ]
    joined += [
        (f"{name}.network_mode", service.get("network_mode") or "")
        for name, service in model["services"].items()
    ]
    return [
        f"services.{where}: {network} belongs to the edge"
        for where, network in joined
        if network in (edge, control_network_name(edge)) or network.startswith(f"{edge}_")
    ]


def base_services(model: ComposeModel, released: Sequence[str]) -> list[str]:
    """The services that live once, in the base project: databases, caches, and whatever else is not
    released."""
    return sorted(set(model["services"]) - set(released))


def published_ports(model: ComposeModel, name: str) -> list[tuple[str, int]]:
    """Address and TCP port of the host, for each single port that a service publishes there."""
    ports = model["services"][name].get("ports", [])
    return [
        (port.get("host_ip", "0.0.0.0"), int(port["published"]))
        for port in ports
        if port.get("protocol", "tcp") == "tcp" and str(port.get("published", "")).isdecimal()
    ]


def used_volumes(model: ComposeModel, services: Iterable[str]) -> list[str]:
    """Keys of the named volumes that `services` mount."""
    mounts = (mount for name in services for mount in model["services"][name].get("volumes") or [])
    return sorted(
        {mount["source"] for mount in mounts if mount["type"] == "volume" and mount.get("source")}
    )


def declared_volumes(
    model: ComposeModel, base_project: str, keys: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """How the compose files declare them, each with the engine's name of it."""
    declared = model.get("volumes") or {}
    return {key: {"name": f"{base_project}_{key}", **(declared.get(key) or {})} for key in keys}


def memory_needed(model: ComposeModel, released: Sequence[str]) -> int:
    """Bytes that one more slot may take by its declared limits; a service without a limit counts as
    0."""
    return sum(_memory(model["services"][name]) for name in released)


def singleton_reasons(model: ComposeModel, released: Sequence[str]) -> list[str]:
    """Why a slot cannot run beside another, one text per reason; empty when it can."""
    reasons = []
    for name in released:
        service = model["services"][name]
        if mode := service.get("network_mode"):
            reasons.append(f"{name}: has network_mode {mode}")
    return reasons


def _faults(
    model: ComposeModel, project: str, released: Sequence[str], images: Mapping[str, str]
) -> Iterator[str]:
    for name in released:
        if name not in model["services"]:
            yield f"services.{name}: is not in the compose files"
            continue
        if name not in images:
            yield f"services.{name}: has no image"
        if mode := model["services"][name].get("network_mode"):
            yield f"services.{name}.network_mode: must not be set in a slot (got {mode})"
        if len(edge_alias(project, name)) > _LONGEST_LABEL:
            yield (
                f"services.{name}: {edge_alias(project, name)} is longer than {_LONGEST_LABEL}, "
                "the most DNS allows"
            )


def _renamed(name: str, number: int) -> str:
    return f"{name}-{number}"


def _service(
    model: ComposeModel,
    name: str,
    project: str,
    number: int,
    released: Sequence[str],
    image: str,
    edge_network: str,
    labels: Mapping[str, str],
) -> dict[str, Any]:
    original = without_other_proxies(model["services"][name])
    kept = {key: value for key, value in original.items() if key not in _TAKEN_OUT}
    waits_for = {
        _renamed(other, number): how
        for other, how in original.get("depends_on", {}).items()
        if other in released
    }
    return {
        **kept,
        "image": image,
        "pull_policy": "never",
        "labels": {**original["labels"], **labels},
        "networks": _attachments(model, name, project, released, edge_network),
        **({"depends_on": waits_for} if waits_for else {}),
    }


def _attachments(
    model: ComposeModel, name: str, project: str, released: Sequence[str], edge_network: str
) -> dict[str, Any]:
    """The base networks without aliases and fixed addresses; names of its own only where no other
    slot is.

    A slot of one service has nobody to call by name, and an engine has about thirty networks to
    give.
    """
    attached = _attached(model["services"][name])
    own = _FIXED_ADDRESS | {"aliases"}
    shared = {
        key: {option: value for option, value in options.items() if option not in own} or None
        for key, options in attached.items()
        if _network_name(model, key) != edge_network
    }
    aliases = names_in_slot(model, name, released)
    private: dict[str, Any] = {SLOT_NETWORK: {"aliases": aliases}} if len(released) > 1 else {}
    return {**shared, **private, EDGE_NETWORK: {"aliases": [edge_alias(project, name)]}}


def _attached(service: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: options or {} for key, options in (service.get("networks") or {}).items()}


def _network_name(model: ComposeModel, key: str) -> str | None:
    name: str | None = model.get("networks", {}).get(key, {}).get("name")
    return name


def _networks(
    model: ComposeModel,
    services: Mapping[str, Any],
    base_project: str,
    project: str,
    edge_network: str,
    labels: Mapping[str, str],
) -> dict[str, Any]:
    used = {key for service in services.values() for key in service["networks"]} - {
        SLOT_NETWORK,
        EDGE_NETWORK,
    }
    pinned = {
        key: {"name": _network_name(model, key) or f"{base_project}_{key}", "external": True}
        for key in sorted(used)
    }
    alone: dict[str, Any] = {"name": slot_network_name(project), "labels": dict(labels)}
    if any(_is_closed_in(model, one) for one in services.values()):
        alone["internal"] = True  # not always: an engine looks a name up in closed networks last
    own = {SLOT_NETWORK: alone} if len(services) > 1 else {}
    return {**pinned, **own, EDGE_NETWORK: {"name": edge_network, "external": True}}


def _is_closed_in(model: ComposeModel, service: Mapping[str, Any]) -> bool:
    """Whether the compose files have a service of a slot on closed networks alone."""
    theirs = service["networks"].keys() - {SLOT_NETWORK, EDGE_NETWORK}
    return bool(theirs) and all(model["networks"][key].get("internal") for key in theirs)


def _volumes(model: ComposeModel, services: Mapping[str, Any], base_project: str) -> dict[str, Any]:
    """External and by name (P25): a slot never makes a volume of its own where the base project has
    one."""
    declared = declared_volumes(model, base_project, used_volumes({"services": services}, services))
    return {key: {"name": one["name"], "external": True} for key, one in declared.items()}


def _memory(service: Mapping[str, Any]) -> int:
    deploy = service.get("deploy") or {}
    limits = (deploy.get("resources") or {}).get("limits") or {}
    limit = limits.get("memory") or service.get("mem_limit") or 0
    replicas = deploy.get("replicas", service.get("scale", 1))
    return int(limit) * int(replicas)

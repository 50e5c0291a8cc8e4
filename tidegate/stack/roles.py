"""What each service of the compose files is for a release, where the stack file says it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tidegate.facts import ComposeModel, Slot
from tidegate.stack.names import links_of
from tidegate.stack.one_shots import one_shots

ALONE_LABEL = "tidegate.singleton"
"""`true` on the container of a service that never runs twice."""
_TIES = ("network_mode", "ipc", "pid")


def without_left_out(model: ComposeModel, left_out: Collection[str]) -> ComposeModel:
    """The model as if these services were not in the compose files: they are neither started nor
    touched."""
    kept = {name: service for name, service in model["services"].items() if name not in left_out}
    return {**model, "services": kept}


def left_out_faults(model: ComposeModel, left_out: Collection[str]) -> Iterator[str]:
    """One text for each path by which a service needs one that is left out. `model` is without
    them."""
    for name, service in model["services"].items():
        yield from (
            f"services.{name}.{where}: {other} is left out in stack.yaml, and {name} needs it"
            for where, other in _needs(service)
            if other in left_out
        )


def _needs(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Path and name of every other service without which compose does not start this one."""
    for other, how in (service.get("depends_on") or {}).items():
        if (how or {}).get("required", True):
            yield f"depends_on.{other}", other
    yield from (("links", target) for target, _ in links_of(service))
    yield from (
        ("volumes_from", str(one).partition(":")[0]) for one in service.get("volumes_from") or []
    )
    yield from (
        (key, str(service[key]).removeprefix("service:"))
        for key in _TIES
        if str(service.get(key, "")).startswith("service:")
    )


def said_alone(service: Mapping[str, Any]) -> bool:
    """Whether the compose file itself says that it never runs twice."""
    return str((service.get("labels") or {}).get(ALONE_LABEL, "")).lower() == "true"


def alone_faults(model: ComposeModel, alone: Collection[str]) -> Iterator[str]:
    """Why a service would run twice by itself, or cannot be one that never does."""
    ending = one_shots(model, ())
    for name in sorted(set(alone) & model["services"].keys()):
        service = model["services"][name]
        replicas = (service.get("deploy") or {}).get("replicas", service.get("scale", 1))
        if int(replicas) > 1:
            yield (
                f"services.{name}: runs {replicas} times, and stack.yaml or its label says "
                "that it never runs twice"
            )
        if name in ending:
            yield (
                f"services.{name}: does its work and ends, so nothing of it could run "
                "twice; take `alone` out"
            )


def part_of(slot: Slot, services: Collection[str]) -> Slot:
    """Only these services of a slot, by their names in it; they wait for each other, and for
    nothing else."""

    def kept(service: Mapping[str, Any]) -> dict[str, Any]:
        waits_for = {
            other: how for other, how in service.get("depends_on", {}).items() if other in services
        }
        rest = {key: value for key, value in service.items() if key != "depends_on"}
        return {**rest, **({"depends_on": waits_for} if waits_for else {})}

    chosen = {
        name: kept(service) for name, service in slot.model["services"].items() if name in services
    }
    return Slot(slot.project, {**slot.model, "services": chosen})


def unbuilt_faults(model: ComposeModel, unbuilt: Collection[str]) -> Iterator[str]:
    """Why the compose files alone do not say which image a released service has; `unbuilt` are
    those for which the stack file names none."""
    for name in sorted(set(unbuilt) & model["services"].keys()):
        service = model["services"][name]
        if service.get("build"):
            yield f"services.{name}.build: gives its image no name; say its `image` in stack.yaml"
        elif not service.get("image"):
            yield f"services.{name}.image: neither the compose files nor stack.yaml name one"

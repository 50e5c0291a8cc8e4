"""What each service of the compose files is for a release, where the stack file says it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.names import links_of

_TIES = ("network_mode", "ipc", "pid")


def without_left_out(model: ComposeModel, left_out: Collection[str]) -> ComposeModel:
    """The model as if these services were not in the compose files: they are neither started nor touched."""
    kept = {name: service for name, service in model["services"].items() if name not in left_out}
    return {**model, "services": kept}


def left_out_faults(model: ComposeModel, left_out: Collection[str]) -> Iterator[str]:
    """One text for each path by which a service needs one that is left out. `model` is without them."""
    for name, service in model["services"].items():
        yield from (f"services.{name}.{where}: {other} is left out in stack.yaml, and {name} needs it"
                    for where, other in _needs(service) if other in left_out)


def _needs(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Path and name of every other service without which compose does not start this one."""
    for other, how in (service.get("depends_on") or {}).items():
        if (how or {}).get("required", True):
            yield f"depends_on.{other}", other
    yield from (("links", target) for target, _ in links_of(service))
    yield from (("volumes_from", str(one).partition(":")[0]) for one in service.get("volumes_from") or [])
    yield from ((key, str(service[key]).removeprefix("service:")) for key in _TIES
                if str(service.get(key, "")).startswith("service:"))

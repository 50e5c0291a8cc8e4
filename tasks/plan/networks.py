"""The networks that a release needs: how many the engine can still make, and that no compose file
joins one of the edge's."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.frame.open_environment import OpenEnvironment
from tidegate.errors import CapacityError, StackFileError
from tidegate.facts import CheckResult, ComposeModel
from tidegate.stack.slot import edge_network_name, foreign_edge_networks


def check_networks(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    """Raises StackFileError, or CapacityError before the engine runs out in the middle of a
    release."""
    edge = env.host.edge_network
    if faults := foreign_edge_networks(model, edge):
        raise StackFileError(
            f"checking the networks of {env.stack.name} for {env.name}",
            "; ".join(faults),
            "Take it out of the compose files: each slot is on a network with the edge by itself",
        )
    needed, left = len(list(_missing(env, model))), env.measures.free_networks()
    if left < needed:
        raise CapacityError(
            f"counting the networks that the engine of {env.config.host!r} can still make",
            f"{left} left, {needed} needed",
            "Remove those that nobody needs, by name: docker network rm; or widen "
            "default-address-pools, see `tidegate docs operations`",
        )
    yield CheckResult(
        name="networks", outcome="pass", detail=f"{left} left, {needed} needed", seconds=0.0
    )


def _missing(env: OpenEnvironment, model: ComposeModel) -> Iterator[str]:
    """Those towards the edge and of the stack's own that are not there, one for a slot of several
    services, and one for the proof of a backup."""
    there = env.measures.network_names()
    own = [
        network.get("name") or f"{env.base_project}_{key}"
        for key, network in model.get("networks", {}).items()
        if not network.get("external")
    ]
    wanted = [edge_network_name(env.host.edge_network, env.stack.name, env.name), *own]
    yield from (name for name in wanted if name not in there)
    if len(env.stack.services) > 1:
        yield "the slot's own"
    if env.stack.databases:
        yield "for the proof of the backup"

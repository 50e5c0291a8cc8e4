"""Names by which other stacks call this one: on a network that is there, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.frame.open_environment import OpenEnvironment
from tidegate.edge.facts import KnownName
from tidegate.errors import StackFileError
from tidegate.facts import CheckResult, ComposeModel


def check_known_names(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    """Raises StackFileError. Who has such a name at the edge is asked elsewhere, as of host
    names."""
    names = [
        KnownName(one.line.name, one.line.network, one.port, one.ready_path) for one in env.known
    ]
    there = env.measures.network_names() if names else set()
    faults = [fault for name in names for fault in _faults(env, name, there, _own(env, model))]
    if faults:
        raise StackFileError(
            f"looking by which names other stacks call {env.stack.name} {env.name}",
            "; ".join(faults),
            "Choose another name or network under `known_as`; or let the container that has the "
            "name go without it: two of them would be called in turn",
        )
    for name in names:
        yield CheckResult(name="known as", outcome="pass", detail=str(name), seconds=0.0)


def _own(env: OpenEnvironment, model: ComposeModel) -> set[str]:
    """Networks that are made with the databases, where they are not there yet."""
    return {
        network.get("name") or f"{env.base_project}_{key}"
        for key, network in model.get("networks", {}).items()
        if not network.get("external")
    }


def _faults(env: OpenEnvironment, name: KnownName, there: set[str], own: set[str]) -> Iterator[str]:
    if name.network not in there:
        yield from [f"there is no network {name.network}"] if name.network not in own else []
        return
    yield from (
        f"{other} is called {name.name} on the network {name.network}"
        for other in env.forwarders.others(name, env.base_project)
    )

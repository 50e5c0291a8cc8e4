"""Names and ports of the host by which others call this stack: there, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.frame.open_environment import OpenEnvironment
from tidegate.edge.facts import CalledBy, HostPort, KnownName
from tidegate.edge.known_names import called_by
from tidegate.errors import CapacityError, StackFileError
from tidegate.facts import FORWARDS_TO_LABEL, CheckResult, ComposeModel
from tidegate.plan.occupancy import holders
from tidegate.plan.occupants import Occupant

TO_DO = (
    "Choose another name, network or port under `known_as` and `kept_ports`; or let the container "
    "that has it go without it: a name of two would be called in turn, and a port has one owner"
)


def check_known_names(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    """Raises StackFileError. Who has one of them at the edge is asked elsewhere, as of host
    names."""
    called = [called_by(one.host, one.ready_path) for one in env.known]
    faults = [*_name_faults(env, model, called), *_port_faults(env, called)]
    if faults:
        raise StackFileError(
            f"looking by which names and ports others call {env.stack.name} {env.name}",
            "; ".join(faults),
            TO_DO,
        )
    for one in called:
        name = "known as" if isinstance(one, KnownName) else "kept port"
        yield CheckResult(name=name, outcome="pass", detail=str(one), seconds=0.0)


def _name_faults(
    env: OpenEnvironment, model: ComposeModel, called: Sequence[CalledBy]
) -> Iterator[str]:
    names = [one for one in called if isinstance(one, KnownName)]
    there = env.measures.network_names() if names else set()
    for name in names:
        if name.network not in there | _own(env, model):
            yield f"there is no network {name.network}"
        elif name.network in there:
            yield from (
                f"{other} is called {name.name} on the network {name.network}"
                for other in env.forwarders.others(name, env.base_project)
            )


def _own(env: OpenEnvironment, model: ComposeModel) -> set[str]:
    """Networks that are made with the databases, where they are not there yet."""
    return {
        network.get("name") or f"{env.base_project}_{key}"
        for key, network in model.get("networks", {}).items()
        if not network.get("external")
    }


def _port_faults(env: OpenEnvironment, called: Sequence[CalledBy]) -> Iterator[str]:
    """Ports that somebody has. A forwarder of this environment hands its own on, and so does a
    container that was taken over, or is being taken over."""
    ports = [one for one in called if isinstance(one, HostPort)]
    there = env.occupancy.occupants() if ports else []
    for port in ports:
        held = holders(port, there)
        yield from (f"{one.whose} has the {port}" for one in held if not _hands_on(env, one))
        if not held:
            yield from _held_outside(env, port)


def _hands_on(env: OpenEnvironment, one: Occupant) -> bool:
    forwards_to = one.labels.get(FORWARDS_TO_LABEL)
    if forwards_to is not None:
        return forwards_to == f"{env.stack.name}/{env.name}"
    return one.project == env.base_project and one.service in env.released


def _held_outside(env: OpenEnvironment, port: HostPort) -> Iterator[str]:
    try:
        env.measures.require_free_port(port.port, port.address or "0.0.0.0")
    except CapacityError as fault:
        yield f"the {port} is taken: {fault.came_back}"

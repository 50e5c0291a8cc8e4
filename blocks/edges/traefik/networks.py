"""The edge's networks: one of its own for its check entry point, and one towards each environment
of each stack.

An environment's network holds its slots and the edge, and nobody else: so no application sees
another one there. It leads nowhere else (`internal`): an application gets out where its own compose
files say so. The check entry point listens on the control network alone, where no application is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from tidegate.errors import EdgeError
from tidegate.stack.slot import control_network_name, edge_network_name

ROLE_LABEL, EDGE_LABEL = "tidegate.role", "tidegate.edge"
ROLE = "edge"
BESIDE = "-beside"
"""The end of the name of an edge that stands in for another while that is replaced."""
_GATEWAY, _FIRST_ADDRESS = 1, 2


@dataclass(frozen=True)
class EngineNetworks:
    """The environments' networks on one engine. Raises EdgeError, EngineError."""

    host: DockerHost

    def join(self, stack: str, environment: str) -> None:
        join_environment(self.host, stack, environment)

    def leave(self, stack: str, environment: str) -> None:
        leave_environment(self.host, stack, environment)


def join_environment(host: DockerHost, stack: str, environment: str) -> str:
    """Have the environment's network, with the edge on it. Returns its name. Again: changes
    nothing."""
    name = edge_network_name(host.edge_network, stack, environment)
    with engine_errors(f"making the network {name}"):
        network = _find(host, name) or _create(host, name, stack, environment)
        edges = running_edges(host)
        if not edges:
            raise EdgeError(
                f"joining the network {name}",
                f"there is no container {host.edge_network}",
                "Start it: `tidegate run`",
            )
        for edge in edges:
            _connect(network, edge)
    return name


def leave_environment(host: DockerHost, stack: str, environment: str) -> bool:
    """Take the environment's network away where no container but the edge needs it. Returns whether
    it is gone."""
    name = edge_network_name(host.edge_network, stack, environment)
    with engine_errors(f"removing the network {name}"):
        network = _find(host, name)
        if network is None or _is_needed(host, network):
            return network is None
        _remove(host, network)
    return True


def ensure_control_network(host: DockerHost) -> IPv4Network:
    """The network of the check entry point, whose addresses can be given out by us: the engine
    chose a free range."""
    name = control_network_name(host.edge_network)
    network = _find(host, name)
    if network is None:
        probe = host.client.networks.create(name, driver="bridge")
        probe.reload()
        subnet = _subnet(probe)
        probe.remove()
        network = host.client.networks.create(
            name,
            driver="bridge",
            check_duplicate=True,
            labels={ROLE_LABEL: ROLE, EDGE_LABEL: host.edge_network},
            ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))]),
        )
        network.reload()
    return _subnet(network)


def check_address(subnet: IPv4Network, *, beside: bool) -> str:
    """The fixed address of the edge on its control network, and of the one that stands in for
    it."""
    return str(subnet[_FIRST_ADDRESS + int(beside)])


def believed_askers(subnet: IPv4Network, trusted_fronts: Sequence[str]) -> list[str]:
    """The addresses whose word about a visitor counts at the edge. Who comes from this machine,
    Tidegate too, is seen there as the gateway of the control network, by which the ports are
    published. Without a front nobody is believed."""
    return [str(subnet[_GATEWAY]), *trusted_fronts] if trusted_fronts else []


def join_all(host: DockerHost, edge: Container, address: str) -> None:
    """Put a container that was created and not started on every network where it is needed."""
    control = host.client.networks.get(control_network_name(host.edge_network))
    control.disconnect(edge)
    control.connect(edge, ipv4_address=address)
    for network in _environment_networks(host):
        _connect(network, edge)
    shared = _find(host, host.edge_network)
    if shared and _is_needed(host, shared):  # slots that the first version started
        _connect(shared, edge)


def remove_shared_network(host: DockerHost) -> None:
    """The one network of the first version, once no slot is on it, nor an edge that has its ports
    from it."""
    shared, control = (
        _find(host, host.edge_network),
        _find(host, control_network_name(host.edge_network)),
    )
    if (
        shared
        and control
        and not _is_needed(host, shared)
        and all(_is_on(edge, control) for edge in running_edges(host))
    ):
        _remove(host, shared)


def running_edges(host: DockerHost) -> list[Container]:
    """The edge, and one that stands in for it meanwhile."""
    found = []
    for name in (host.edge_network, host.edge_network + BESIDE):
        with contextlib.suppress(NotFound):
            found.append(host.client.containers.get(name))
    return found


def _create(host: DockerHost, name: str, stack: str, environment: str) -> Network:
    labels = {
        ROLE_LABEL: ROLE,
        EDGE_LABEL: host.edge_network,
        "tidegate.stack": stack,
        "tidegate.environment": environment,
    }
    try:
        return host.client.networks.create(
            name, driver="bridge", internal=True, check_duplicate=True, labels=labels
        )
    except APIError as error:
        found = _find(host, name)  # another run was quicker
        if found is None:
            raise error
        return found


def _connect(network: Network, edge: Container) -> None:
    if _is_on(edge, network):
        return
    try:
        network.connect(edge)
    except APIError as error:
        if "already exists in network" not in str(error.explanation):
            raise


def _is_on(edge: Container, network: Network) -> bool:
    return network.name in edge.attrs["NetworkSettings"]["Networks"]


def _is_needed(host: DockerHost, network: Network) -> bool:
    """Also a stopped container needs it, to start again."""
    edges = {edge.id for edge in running_edges(host)}
    # By name: a container that never ran does not know the network's id yet.
    by_name: dict[str, str | list[str] | bool] = {"network": network.name or ""}
    there = host.client.containers.list(all=True, filters=by_name)
    return any(container.id not in edges for container in there)


def _remove(host: DockerHost, network: Network) -> None:
    for edge in running_edges(host):
        if _is_on(edge, network):
            network.disconnect(edge, force=True)
    with contextlib.suppress(NotFound):
        network.remove()


def _environment_networks(host: DockerHost) -> Iterator[Network]:
    for network in host.client.networks.list(
        filters={"label": f"{EDGE_LABEL}={host.edge_network}"}
    ):
        if "tidegate.environment" in network.attrs["Labels"]:
            yield network


def _find(host: DockerHost, name: str) -> Network | None:
    found = host.client.networks.list(names=[f"^{name}$"])
    return found[0] if found else None


def _subnet(network: Network) -> IPv4Network:
    return IPv4Network(network.attrs["IPAM"]["Config"][0]["Subnet"])

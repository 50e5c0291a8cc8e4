"""Host names as the web compares them: case and a dot at the end make no other name.

`*.erp.example` is each name directly below `erp.example`: `demo.erp.example`, not `erp.example` and
not `a.b.erp.example`.

A name by which containers call each other on a network of the engine, and the port at which they
call it, are written as a host name that nobody can have, `ocr.8080.back._network`; and so is a port
of the host, `8180._port` or `8180.127.0.0.1._port`. So they have an owner, a door and a place in a
route as host names have them.
"""

from __future__ import annotations

from collections.abc import Sequence

_ANY = "*."
_NETWORK, _PORT = "._network", "._port"
"""No host name has a `_`."""
_EVERYWHERE = ("", "0.0.0.0", "::")


def host_name(domain: str) -> str:
    """The one form of a host name."""
    return domain.lower().removesuffix(".")


def is_wildcard(host: str) -> bool:
    return host.startswith(_ANY)


def name_on(network: str, name: str, port: int) -> str:
    """How the edge is told of the name `name` on a network, called at this port: a name has no dot,
    a network may."""
    return f"{name}.{port}.{network}{_NETWORK}"


def is_on_network(host: str) -> bool:
    """Whether it is a name on a network of the engine, and none that people come by."""
    return host.endswith(_NETWORK)


def on_network(host: str) -> tuple[str, str, int]:
    """Name, network and port of what `name_on` made."""
    name, port, network = host.removesuffix(_NETWORK).split(".", 2)
    return name, network, int(port)


def port_at(address: str, port: int) -> str:
    """How the edge is told of a port of the host: at one IPv4 address of it, or at all."""
    return f"{port}.{address}{_PORT}" if address else f"{port}{_PORT}"


def is_of_host(host: str) -> bool:
    """Whether it is a port of the host."""
    return host.endswith(_PORT)


def of_host(host: str) -> tuple[str, int]:
    """Address and port of what `port_at` made."""
    port, _, address = host.removesuffix(_PORT).partition(".")
    return address, int(port)


def is_forwarded(host: str) -> bool:
    """Whether a forwarder stands before it, and nobody else may come by it."""
    return is_on_network(host) or is_of_host(host)


def are_same_address(one: str, other: str) -> bool:
    """Whether two addresses of a host meet: one of them may mean all."""
    return one == other or not {one, other}.isdisjoint(_EVERYWHERE)


def shown_host(host: str) -> str:
    """For people."""
    if is_of_host(host):
        return f"the port {shown_port(*of_host(host))} of the host"
    if not is_on_network(host):
        return host
    name, network, _ = on_network(host)
    return f"the name {name} on the network {network}"


def shown_port(address: str, port: int) -> str:
    """`8180`, or `127.0.0.1:8180`."""
    return f"{address}:{port}" if address else str(port)


def below(wildcard: str) -> str:
    """`erp.example` of `*.erp.example`."""
    return wildcard.removeprefix(_ANY)


def meet(one: str, other: str) -> bool:
    """Whether there is a name that both are; each may be a wildcard."""
    one, other = host_name(one), host_name(other)
    return one == other or _covers(one, other) or _covers(other, one)


def are_one_property(one: str, other: str) -> bool:
    """Whether they have one owner: names that meet, a name on a network at any of its ports, and a
    port of the host at addresses that meet."""
    if is_of_host(one) and is_of_host(other):
        (here, port), (there, second) = of_host(one), of_host(other)
        return port == second and are_same_address(here, there)
    if is_on_network(one) and is_on_network(other):
        return on_network(host_name(one))[:2] == on_network(host_name(other))[:2]
    return meet(one, other)


def whole_names(hosts: Sequence[str]) -> list[str]:
    """Those by which people can come: neither wildcards nor what a forwarder stands before."""
    return [host for host in hosts if not is_wildcard(host) and not is_forwarded(host)]


def _covers(wildcard: str, host: str) -> bool:
    return is_wildcard(wildcard) and host.partition(".")[2] == below(wildcard)

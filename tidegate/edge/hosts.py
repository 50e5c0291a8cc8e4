"""Host names as the web compares them: case and a dot at the end make no other name.

`*.erp.example` is each name directly below `erp.example`: `demo.erp.example`, not `erp.example` and
not `a.b.erp.example`.

A name by which containers call each other on a network of the engine is written as a host name
that nobody can have, `ocr.back._network`: so it has an owner, a door and a place in a route as host
names have them.
"""

from __future__ import annotations

from collections.abc import Sequence

_ANY = "*."
_NETWORK = "._network"
"""No host name has a `_`."""


def host_name(domain: str) -> str:
    """The one form of a host name."""
    return domain.lower().removesuffix(".")


def is_wildcard(host: str) -> bool:
    return host.startswith(_ANY)


def name_on(network: str, name: str) -> str:
    """How the edge is told of the name `name` on a network: a name has no dot, a network may."""
    return f"{name}.{network}{_NETWORK}"


def is_on_network(host: str) -> bool:
    """Whether it is a name on a network of the engine, and none that people come by."""
    return host.endswith(_NETWORK)


def on_network(host: str) -> tuple[str, str]:
    """Name and network of what `name_on` made."""
    name, _, network = host.removesuffix(_NETWORK).partition(".")
    return name, network


def shown_host(host: str) -> str:
    """For people."""
    if not is_on_network(host):
        return host
    name, network = on_network(host)
    return f"the name {name} on the network {network}"


def below(wildcard: str) -> str:
    """`erp.example` of `*.erp.example`."""
    return wildcard.removeprefix(_ANY)


def meet(one: str, other: str) -> bool:
    """Whether there is a name that both are; each may be a wildcard."""
    one, other = host_name(one), host_name(other)
    return one == other or _covers(one, other) or _covers(other, one)


def whole_names(hosts: Sequence[str]) -> list[str]:
    """Those by which people can come: neither wildcards nor names on a network."""
    return [host for host in hosts if not is_wildcard(host) and not is_on_network(host)]


def _covers(wildcard: str, host: str) -> bool:
    return is_wildcard(wildcard) and host.partition(".")[2] == below(wildcard)

"""How many networks an engine can still make: each takes a range of its own out of the engine's
pools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, ip_network

Pool = tuple[str, int]
"""A range, and the prefix length of each network that is cut out of it."""

# What an engine has that was given none: moby, libnetwork/ipamutils. It makes 31 networks.
DEFAULT_POOLS: tuple[Pool, ...] = (
    ("172.17.0.0/16", 16),
    ("172.18.0.0/16", 16),
    ("172.19.0.0/16", 16),
    ("172.20.0.0/14", 16),
    ("172.24.0.0/14", 16),
    ("172.28.0.0/14", 16),
    ("192.168.0.0/16", 20),
)


def networks_left(pools: Sequence[Pool], used: Iterable[str]) -> int:
    """The number of ranges of `pools` that no network in `used` touches. Ranges of IPv6 are passed
    over."""
    taken = [
        network
        for text in used
        if isinstance(network := ip_network(text, strict=False), IPv4Network)
    ]
    return sum(_left(IPv4Network(base), prefix, taken) for base, prefix in pools if ":" not in base)


def _left(base: IPv4Network, prefix: int, taken: Iterable[IPv4Network]) -> int:
    touched: set[int] = set()
    size = 2 ** (32 - prefix)
    for network in taken:
        if network.overlaps(base):
            first = max(int(network.network_address), int(base.network_address))
            last = min(int(network.broadcast_address), int(base.broadcast_address))
            touched.update(range(first // size, last // size + 1))
    return int(2 ** (prefix - base.prefixlen)) - len(touched)

"""Host names as the web compares them: case and a dot at the end make no other name.

`*.erp.example` is each name directly below `erp.example`: `demo.erp.example`, not `erp.example` and
not `a.b.erp.example`.
"""

from __future__ import annotations

from collections.abc import Sequence

_ANY = "*."


def host_name(domain: str) -> str:
    """The one form of a host name."""
    return domain.lower().removesuffix(".")


def is_wildcard(host: str) -> bool:
    return host.startswith(_ANY)


def below(wildcard: str) -> str:
    """`erp.example` of `*.erp.example`."""
    return wildcard.removeprefix(_ANY)


def meet(one: str, other: str) -> bool:
    """Whether there is a name that both are; each may be a wildcard."""
    one, other = host_name(one), host_name(other)
    return one == other or _covers(one, other) or _covers(other, one)


def whole_names(hosts: Sequence[str]) -> list[str]:
    """Those by which somebody can come: no wildcards."""
    return [host for host in hosts if not is_wildcard(host)]


def _covers(wildcard: str, host: str) -> bool:
    return is_wildcard(wildcard) and host.partition(".")[2] == below(wildcard)

"""The headers by which an edge, its visitors and its checks know each other."""

from __future__ import annotations

import re

from tidegate.edge.facts import Served

DEPLOYMENT_HEADER = "X-Tidegate-Deployment"
SLOT_HEADER = "X-Tidegate-Slot"
"""Names the slot that a request at the check entry point is for. Everything else of the request is
a visitor's own."""
_SERVED = re.compile(r"([a-z][a-z0-9-]{0,30})/([a-z][a-z0-9-]{0,30})/([1-9][0-9]{0,8})")


def headers_for(
    *, https: bool, slot: Served | None = None, back: int | None = None
) -> dict[str, str]:
    """What is added to a visitor's request: what a front that ends TLS says, and which slot it is
    for, whoever serves.

    With `slot` it is one for the check entry point, without it for the public one. There the slot's
    doors are as at the public one; `back` is the place of one address among `backs_of`, which then
    gets all paths.
    """
    front = (
        {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "443", "X-Forwarded-For": "127.0.0.1"}
        if https
        else {}
    )
    return {
        **front,
        **({SLOT_HEADER: str(slot) if back is None else f"{slot}/{back}"} if slot else {}),
    }


def read_served(header: str) -> Served | None:
    """What the edge's header says about who answered; None where it says nothing that Tidegate
    wrote."""
    found = _SERVED.fullmatch(header)
    return Served(found[1], found[2], int(found[3])) if found else None

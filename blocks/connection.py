"""Telling an edge that is away from a version that answers badly."""

from __future__ import annotations

import httpx

_NOBODY_THERE = (httpx.ConnectError, httpx.ReadError, httpx.WriteError)


def ended_unanswered(error: Exception) -> bool:
    """Whether the connection ended before any answer began: refused, or taken by a port forwarder that found nobody.

    Traefik answers in place of a version that is gone, by 502; so it is Traefik who is away. Ask only before the answer's
    headers are there: after them, the same errors are the version's. A time-out is none of them.
    """
    gone = isinstance(error, httpx.RemoteProtocolError) and "without sending a response" in str(error)   # httpcore's words
    return gone or isinstance(error, _NOBODY_THERE)

"""Telling what the edge itself does from what a version does, so that no version is blamed for an
edge that restarts."""

from __future__ import annotations

from typing import NamedTuple

import httpx

from tidegate.edge.facts import Served
from tidegate.edge.headers import DEPLOYMENT_HEADER, read_served

_NOBODY_THERE = (httpx.ConnectError, httpx.ReadError, httpx.WriteError)


class EdgeAnswer(NamedTuple):
    """What a visitor gets: from which deployment, as far as the edge names one, and with which
    status."""

    served: Served | None
    status: int
    at: str = ""
    """`shop.example/api`, where a route has several doors."""


def ended_unanswered(error: Exception) -> bool:
    """Whether the connection ended before any answer began: refused, or taken by a port forwarder
    that found nobody.

    Traefik answers in place of a version that is gone, by 502; so it is Traefik who is away. Ask
    only before the answer's headers are there: after them, the same errors are the version's. A
    time-out is none of them.
    """
    # httpcore's words
    gone = isinstance(error, httpx.RemoteProtocolError) and "without sending a response" in str(
        error
    )
    return gone or isinstance(error, _NOBODY_THERE)


def is_own_404(answer: httpx.Response) -> bool:
    """Whether Traefik knows no route for what was asked, as for a moment when it starts: no
    deployment's header.

    A route's own service adds the header to whatever its version answers. Needs no body.
    """
    return answer.status_code == 404 and DEPLOYMENT_HEADER not in answer.headers


def served_by(answer: httpx.Response) -> Served | None:
    """The deployment that answered: stack, environment and number; None where the edge names
    none."""
    return read_served(answer.headers.get(DEPLOYMENT_HEADER, ""))


def unanswered(error: httpx.HTTPError, seconds: float) -> str:
    """What came back instead of an answer. Who let `seconds` pass may be the version behind the
    edge, so a person is told which page was asked for."""
    if not isinstance(error, httpx.ReadTimeout):
        return f"{type(error).__name__}: {error}"
    page = error.request.url.raw_path.decode()
    return f"{error.request.headers['Host']}{page} gives no answer within {seconds:g} s"

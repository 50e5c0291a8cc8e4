"""What the edge asks again by itself, as Traefik's middlewares."""

from __future__ import annotations

from typing import Any

from tidegate.edge.facts import Route

_AGAIN = {"attempts": 5, "initialInterval": "10ms"}
_ANSWERED = {**_AGAIN, "maxRequestBodyBytes": 65536}
"""What was answered so is asked again where it is safe to repeat (no POST, PATCH) and its body was
small enough to keep."""


def retries(route: Route) -> dict[str, dict[str, Any]]:
    """Middlewares by the last word of their name, the outer one first.

    What reached nobody is asked again, whatever it is. What was in flight in a slot that died is so
    only where another one can answer: Traefik cannot tell its own 502 and 504 from an
    application's, whose status it loses where the answer is sent in pieces (`Flush` in its
    `retry.go`, 3.7), and it counts each try.
    """
    if route.standby is None and len(route.targets) < 2:
        return {"retry": _AGAIN}
    return {
        "retry": {**_ANSWERED, "status": ["502"], "disableRetryOnNetworkError": True},
        # Traefik's client sends what it had sent by a connection that broke once more, by a new
        # one: to an address that is gone with its slot, which is 504 after the dial timeout.
        "redial": {**_ANSWERED, "status": ["504"], "timeout": "7s"},
    }

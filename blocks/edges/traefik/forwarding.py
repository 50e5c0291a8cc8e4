"""What a forwarder is told: an entry point for each port at which it is called, and one way on to
the edge. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

import yaml

from blocks.edges.traefik.networks import check_address
from blocks.edges.traefik.settings import CHECK_PORT, PUBLIC_PORT
from tidegate.edge.facts import CalledBy, KnownName

CONFIG_FILE = "/forwarding.yml"
_RETRY = {"attempts": 10, "initialInterval": "50ms"}
"""Only of what could not be sent: while an edge is replaced by another one."""


_PING = {
    "path": "/ping",
    "port": CHECK_PORT,
    "hostname": "127.0.0.1",
    "interval": "200ms",
    "timeout": "500ms",
}


def together(called: Sequence[CalledBy]) -> list[tuple[CalledBy, ...]]:
    """What one forwarder has each: a name on a network with all its ports, since two containers of
    one name would be called in turn; or one port of the host."""
    found: dict[object, list[CalledBy]] = {}
    for one in called:
        key = (one.network, one.name) if isinstance(one, KnownName) else one.host
        found.setdefault(key, []).append(one)
    return [tuple(ones) for ones in found.values()]


def flags_for(called: Sequence[CalledBy]) -> list[str]:
    return [
        *(flag for one in called for flag in _entry_point(one)),
        "--serverstransport.maxidleconnsperhost=200",
        "--serverstransport.forwardingtimeouts.dialtimeout=1s",
        f"--providers.file.filename={CONFIG_FILE}",
        "--providers.file.watch=false",
        "--log.level=ERROR",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]


def forwarding(called: Sequence[CalledBy], control: IPv4Network) -> str:
    """Everything to the edge, under the name that it knows. Where one stands in for it and answers
    a ping, to that one: it is there only while the edge is replaced, and has all routes then."""
    edge, stand_in = (check_address(control, beside=beside) for beside in (False, True))
    http = {
        "routers": {
            _name(one): {
                "entryPoints": [_name(one)],
                "rule": "PathPrefix(`/`)",
                "middlewares": [_name(one), "again"],
                "service": "edges",
            }
            for one in called
        },
        "middlewares": {
            **{_name(one): {"headers": _told(one)} for one in called},
            "again": {"retry": _RETRY},
        },
        "services": {
            "edges": {"failover": {"service": "stand-in", "fallback": "edge"}},
            "edge": {"loadBalancer": _at(edge)},
            "stand-in": {"loadBalancer": {**_at(stand_in), "healthCheck": _PING}},
        },
    }
    return yaml.safe_dump({"http": http}, sort_keys=False)


def _entry_point(one: CalledBy) -> list[str]:
    return [
        f"--entrypoints.{_name(one)}.address=:{one.port}",
        # as long as the edge's own
        f"--entrypoints.{_name(one)}.transport.respondingtimeouts.readtimeout=600s",
    ]


def _name(one: CalledBy) -> str:
    return f"called-{one.port}"


def _told(one: CalledBy) -> dict[str, Any]:
    return {"customRequestHeaders": {"Host": one.host}}


def _at(address: str) -> dict[str, Any]:
    return {"passHostHeader": True, "servers": [{"url": f"http://{address}:{PUBLIC_PORT}"}]}

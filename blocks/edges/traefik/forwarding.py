"""What a forwarder is told: one entry point, and one way on to the edge. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import yaml

from blocks.edges.traefik.networks import check_address
from blocks.edges.traefik.settings import CHECK_PORT, PUBLIC_PORT
from tidegate.edge.facts import KnownName
from tidegate.edge.hosts import name_on

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


def flags_for(port: int) -> list[str]:
    return [
        f"--entrypoints.called.address=:{port}",
        # as long as the edge's own
        "--entrypoints.called.transport.respondingtimeouts.readtimeout=600s",
        "--serverstransport.maxidleconnsperhost=200",
        "--serverstransport.forwardingtimeouts.dialtimeout=1s",
        f"--providers.file.filename={CONFIG_FILE}",
        "--providers.file.watch=false",
        "--log.level=ERROR",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]


def forwarding(name: KnownName, control: IPv4Network) -> str:
    """Everything to the edge, under the name that it knows. Where one stands in for it and answers
    a ping, to that one: it is there only while the edge is replaced, and has all routes then."""
    edge, stand_in = (check_address(control, beside=beside) for beside in (False, True))
    told = name_on(name.network, name.name)
    http = {
        "routers": {
            "called": {
                "entryPoints": ["called"],
                "rule": "PathPrefix(`/`)",
                "middlewares": ["known-as", "again"],
                "service": "edges",
            }
        },
        "middlewares": {
            "known-as": {"headers": {"customRequestHeaders": {"Host": told}}},
            "again": {"retry": _RETRY},
        },
        "services": {
            "edges": {"failover": {"service": "stand-in", "fallback": "edge"}},
            "edge": {"loadBalancer": _at(edge)},
            "stand-in": {"loadBalancer": {**_at(stand_in), "healthCheck": _PING}},
        },
    }
    return yaml.safe_dump({"http": http}, sort_keys=False)


def _at(address: str) -> dict[str, Any]:
    return {"passHostHeader": True, "servers": [{"url": f"http://{address}:{PUBLIC_PORT}"}]}

"""What the edge's container is made of: Traefik's flags, its own routes, and the settings that tell
one from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network

from tidegate.edge.routes import FORWARDERS_ONLY

DYNAMIC_FOLDER = "/etc/traefik/dynamic"
PUBLIC_PORT, CHECK_PORT = 8000, 8001
"""Inside the container, above 1024: the edge needs no privilege."""
GRACE_SECONDS = 30

FLAGS = (
    f"--entrypoints.web.address=:{PUBLIC_PORT}",
    # `flags_at` puts the control network's address before
    f"--entrypoints.check.address=:{CHECK_PORT}",
    "--entrypoints.check.http.middlewares=edge-control@file",
    # Tidegate alone gets in, and asks as a front does
    "--entrypoints.check.forwardedheaders.insecure=true",
    # the default of 60 s cuts off large uploads
    "--entrypoints.web.transport.respondingtimeouts.readtimeout=600s",
    f"--entrypoints.web.transport.lifecycle.gracetimeout={GRACE_SECONDS}s",
    "--serverstransport.maxidleconnsperhost=200",
    # a dead slot is left for the standby soon
    "--serverstransport.forwardingtimeouts.dialtimeout=2s",
    f"--providers.file.directory={DYNAMIC_FOLDER}",
    "--providers.file.watch=true",
    "--providers.providersthrottleduration=20ms",  # by its default a switch would lag 2 s
    "--ping=true",
    "--ping.manualrouting=true",
    "--api=true",
    "--api.dashboard=false",
    "--metrics.prometheus=true",
    "--metrics.prometheus.manualrouting=true",
    "--metrics.prometheus.addrouterslabels=true",
    "--metrics.prometheus.addserviceslabels=true",
    "--metrics.prometheus.buckets=0.05,0.1,0.25,0.5,1,2,5,10",  # R24 asks for p95 at 2 s
    "--accesslog=false",
    "--log.level=ERROR",
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
)

# Routed by host name, because an unconditional /api or /metrics would hide those of the slots on
# the same entry point.
_HERE = "Host(`127.0.0.1`) || Host(`localhost`)"
_OWN = (
    "{{entryPoints: [check], rule: '(" + _HERE + ") && PathPrefix(`/{}`)', service: {}@internal}}"
)


def flags_at(address: str, believed: Sequence[str]) -> list[str]:
    """The flags of an edge whose check entry point listens at `address` alone. What those in
    `believed` say about a visitor (`X-Forwarded-Proto`, `-For`, `-Port`, `-Host`) reaches the
    application; what others say is overwritten."""
    own = [flag.replace("check.address=:", f"check.address={address}:") for flag in FLAGS]
    return [
        *own,
        *(
            [f"--entrypoints.web.forwardedheaders.trustedips={','.join(believed)}"]
            if believed
            else []
        ),
    ]


def forwarders_range(control: IPv4Network) -> IPv4Network:
    """The upper half of the control network: nobody has an address there but the forwarders."""
    return list(control.subnets())[1]


def own_routes(control: str) -> str:
    """The edge's ping, API and metrics. Whoever asks the check entry point must come from the range
    `control`: a process that makes its own packets could else speak to an address of a network that
    it is not on. The doors at names on a network are open to the forwarders of these names."""
    forwarders = forwarders_range(IPv4Network(control))
    return f"""\
http:
  routers:
    edge-ping: {_OWN.format("ping", "ping")}
    edge-api: {_OWN.format("api", "api")}
    edge-metrics: {_OWN.format("metrics", "prometheus")}
  middlewares:
    edge-control: {{ipAllowList: {{sourceRange: ['{control}']}}}}
    {FORWARDERS_ONLY}: {{ipAllowList: {{sourceRange: ['{forwarders}']}}}}
"""


@dataclass(frozen=True)
class EdgeSettings:
    """Everything that, when it changes, needs a new container. A port of 0 is chosen when the
    container is made."""

    image: str
    folder: str
    network: str
    public_address: str
    public_port: int
    check_port: int
    trusted_fronts: tuple[str, ...]
    flags: tuple[str, ...] = FLAGS

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()

"""The edge as a container: Traefik with the file provider, on the network that it shares with every slot."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.types import LogConfig

from blocks.docker_host import DockerHost, engine_errors, is_port_taken
from blocks.edge_folder import OWN_FILE, EdgeFolder
from tidegate.errors import CapacityError, EdgeError
from tidegate.outside_text import clean_end

EDGE_NAME = "tidegate-edge"
ROLE_LABEL = "tidegate.role"
SETTINGS_LABEL = "tidegate.settings"
DYNAMIC_FOLDER = "/etc/traefik/dynamic"
PUBLIC_PORT, CHECK_PORT = 8000, 8001
"""Inside the container, above 1024: the edge needs no privilege."""

FLAGS = (
    f"--entrypoints.web.address=:{PUBLIC_PORT}",
    f"--entrypoints.check.address=:{CHECK_PORT}",
    "--entrypoints.web.transport.respondingtimeouts.readtimeout=600s",   # the default of 60 s cuts off large uploads
    "--entrypoints.web.transport.lifecycle.gracetimeout=30s",
    "--serverstransport.maxidleconnsperhost=200",
    "--serverstransport.forwardingtimeouts.dialtimeout=2s",              # a dead slot is left for the standby soon
    f"--providers.file.directory={DYNAMIC_FOLDER}",
    "--providers.file.watch=true",
    "--providers.providersthrottleduration=20ms",                        # by its default a switch would lag 2 s
    "--ping=true", "--ping.manualrouting=true",
    "--api=true", "--api.dashboard=false",
    "--metrics.prometheus=true", "--metrics.prometheus.manualrouting=true",
    "--metrics.prometheus.addrouterslabels=true", "--metrics.prometheus.addserviceslabels=true",
    "--metrics.prometheus.buckets=0.05,0.1,0.25,0.5,1,2,5,10",           # R24 asks for p95 at 2 s
    "--accesslog=false", "--log.level=ERROR",
    "--global.checknewversion=false", "--global.sendanonymoususage=false",
)

_RESTART: Any = {"Name": "unless-stopped"}   # the stubs know only two of the engine's four policies

# Routed by host name, because an unconditional /api or /metrics would hide those of the slots on the same entry point.
_HERE = "Host(`127.0.0.1`) || Host(`localhost`)"
_OWN = "{{entryPoints: [check], rule: '(" + _HERE + ") && PathPrefix(`/{}`)', service: {}@internal}}"
OWN_ROUTES = f"""\
http:
  routers:
    edge-ping: {_OWN.format("ping", "ping")}
    edge-api: {_OWN.format("api", "api")}
    edge-metrics: {_OWN.format("metrics", "prometheus")}
"""


@dataclass(frozen=True)
class EdgeAddresses:
    """Where the edge listens on its host: for everybody, and for Tidegate alone."""

    container: str
    """Id."""
    public_url: str
    check_url: str


@dataclass(frozen=True)
class EdgeSettings:
    """Everything that, when it changes, needs a new container. A port of 0 is chosen when the container is made."""

    image: str
    folder: str
    network: str
    public_address: str
    public_port: int
    check_port: int
    flags: tuple[str, ...] = FLAGS

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()


def ensure_edge(host: DockerHost, image: str, config_directory: Path, public_port: int, check_port: int, *,
                name: str = EDGE_NAME, public_address: str = "127.0.0.1", start_seconds: float = 20) -> EdgeAddresses:
    """The edge, running and answering. A running one with the same settings is left alone.

    Raises EngineError, or EdgeError when it does not answer within `start_seconds`.
    """
    write_own_routes(config_directory)
    with engine_errors(f"starting the edge {name}"):
        settings = EdgeSettings(host.client.images.get(image).id or image, str(config_directory.resolve()),
                                host.edge_network, public_address, public_port, check_port)
        _ensure_network(host)
        container = _current(host, name, settings) or _create(host, name, settings)
        _start(container, settings)
    addresses = _addresses(container)
    _wait_for_ping(addresses, container, start_seconds)
    return addresses


def stop_edge(host: DockerHost, container: str, *, grace_seconds: int = 30) -> None:
    """Stop and remove the edge with this id; one that is gone already is stopped."""
    with engine_errors("stopping the edge"), contextlib.suppress(NotFound):
        _remove(host.client.containers.get(container), grace_seconds)


def write_own_routes(config_directory: Path) -> None:
    """The edge's ping, API and metrics, on the check entry point; and what is foreign in its folder is set aside."""
    folder = EdgeFolder(config_directory)
    with folder.locked():
        folder.mend()
        file = config_directory / OWN_FILE
        if not file.exists() or file.read_text(encoding="utf-8") != OWN_ROUTES:
            folder.write(OWN_FILE, OWN_ROUTES)


def _ensure_network(host: DockerHost) -> None:
    if not host.client.networks.list(names=[f"^{host.edge_network}$"]):
        host.client.networks.create(host.edge_network, driver="bridge", labels={ROLE_LABEL: "edge"})


def _current(host: DockerHost, name: str, settings: EdgeSettings) -> Container | None:
    """The container with these settings. One with other settings is removed, as its name and ports are needed."""
    try:
        container = host.client.containers.get(name)
    except NotFound:
        return None
    if container.labels.get(SETTINGS_LABEL) == settings.digest:
        return container
    _remove(container, 30)
    return None


def _create(host: DockerHost, name: str, settings: EdgeSettings) -> Container:
    public, check = settings.public_port or _free_port(), settings.check_port or _free_port()
    return host.client.containers.create(
        settings.image, list(settings.flags), name=name, network=settings.network,
        labels={ROLE_LABEL: "edge", SETTINGS_LABEL: settings.digest},
        ports={f"{PUBLIC_PORT}/tcp": (settings.public_address, public), f"{CHECK_PORT}/tcp": ("127.0.0.1", check)},
        volumes={settings.folder: {"bind": DYNAMIC_FOLDER, "mode": "ro"}},
        restart_policy=_RESTART, read_only=True, security_opt=["no-new-privileges"],
        log_config=LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}))


def _remove(container: Container, grace_seconds: int) -> None:
    container.stop(timeout=grace_seconds)
    container.remove(v=True)


def _start(container: Container, settings: EdgeSettings) -> None:
    try:
        container.start()
    except APIError as error:
        if not is_port_taken(error):
            raise
        container.remove(force=True, v=True)   # it never ran, and the next try may be given other ports
        raise CapacityError("starting the edge", f"somebody has port {settings.public_port} or {settings.check_port}",
                            "Stop what has it, or set TIDEGATE_EDGE_PORT and TIDEGATE_EDGE_CHECK_PORT") from None
    container.reload()


def _free_port() -> int:
    # The engine would choose one too, but another one after each restart of the container.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _addresses(container: Container) -> EdgeAddresses:
    bindings = container.attrs["HostConfig"]["PortBindings"]
    public, check = (bindings[f"{port}/tcp"][0]["HostPort"] for port in (PUBLIC_PORT, CHECK_PORT))
    return EdgeAddresses(str(container.id), f"http://127.0.0.1:{public}", f"http://127.0.0.1:{check}")


def _wait_for_ping(addresses: EdgeAddresses, container: Container, start_seconds: float) -> None:
    end = time.monotonic() + start_seconds
    seen = "nothing"
    while time.monotonic() < end:
        try:
            answer = httpx.get(f"{addresses.check_url}/ping", timeout=1, trust_env=False)
            if answer.status_code == 200:
                return
            seen = f"status {answer.status_code}"
        except httpx.HTTPError as error:
            seen = type(error).__name__
        time.sleep(0.05)
    with engine_errors("reading the edge's log"):
        log = clean_end(container.logs(tail=5).decode(errors="replace")).strip()
    raise EdgeError(
        "starting the edge", f"no answer to its ping in {start_seconds:g} s (last: {seen}; log: {log or 'empty'})",
        "Correct what the log names, then run it again", retryable=True)

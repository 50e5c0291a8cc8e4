"""A real edge with its own network and folder, and tiny real backends behind it. Imported by the
edge's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeAddresses, EdgeMaker, stop_edge
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.networks import join_environment
from tests import images
from tidegate.edge.facts import Route, Target

DOMAIN = "shop.example.test"

# /slow?2.5 answers after 2.5 s, /error answers 500, everything of deployment 502 answers 502, all
# else 200: version, path, Host, headers and size of what was sent. An answer is one write: what a kill meets in the middle of an
# answer nobody can ask for again.
BACKEND = """
import http.server, json, os, time
class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(float(self.path.split("?")[1]))
        received = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        page = {"version": os.environ["VERSION"], "path": self.path, "host": self.headers["Host"], "sent": dict(self.headers),
                "received": received}
        body = json.dumps(page).encode()
        refuses = os.environ["VERSION"] == "v502"
        self.send_response(502 if refuses else 500 if self.path == "/error" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_PUT = do_GET
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer.request_queue_size = 64
http.server.ThreadingHTTPServer(("", 8000), App).serve_forever()
"""

StartBackend = Callable[[int], Container]


@pytest.fixture(scope="module")
def edge_host() -> Iterator[DockerHost]:
    """The local engine with an edge network of this test's own."""
    host = DockerHost(edge_network=f"edge-test-{uuid4().hex[:8]}")
    yield host
    for network in host.client.networks.list(
        filters={"label": f"tidegate.edge={host.edge_network}"}
    ):
        network.remove()


@pytest.fixture(scope="module")
def running_edge(
    edge_host: DockerHost, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EdgeAddresses, Path]]:
    """An edge that answers and believes a front on this machine, and its folder of routes."""
    folder = tmp_path_factory.mktemp("routes")
    addresses = EdgeMaker(
        edge_host, images.EDGE, folder, 0, 0, trusted_fronts=("127.0.0.1",)
    ).ensure()
    yield addresses, folder
    stop_edge(edge_host, edge_host.edge_network, grace_seconds=1)


@pytest.fixture
def edge(running_edge: tuple[EdgeAddresses, Path]) -> Iterator[TraefikEdge]:
    """The block for the running edge, which was told nothing."""
    addresses, folder = running_edge
    block = TraefikEdge(
        config_directory=folder, public_url=addresses.public_url, check_url=addresses.check_url
    )
    yield block
    for file in folder.glob("*_*.yml"):
        block.remove(*file.stem.split("_"))


@pytest.fixture(scope="module")
def start_backend(
    edge_host: DockerHost, running_edge: tuple[EdgeAddresses, Path]
) -> Iterator[StartBackend]:
    """Starts the backend of a deployment number on a network with the edge and waits until it
    listens."""
    started: list[Container] = []

    def start(number: int) -> Container:
        container = edge_host.client.containers.run(
            images.BASE,
            ["python3", "-c", BACKEND],
            name=f"{edge_host.edge_network}-{number}-{uuid4().hex[:4]}",
            environment={"VERSION": f"v{number}"},
            network=join_environment(edge_host, "shop", "prod"),
            detach=True,
        )
        started.append(container)
        wait_until_it_listens(container)
        return container

    yield start
    for container in started:
        container.remove(force=True)


def wait_until_it_listens(container: Container, seconds: float = 20) -> None:
    """The engine's host reaches a container's address directly."""
    end = time.monotonic() + seconds
    while True:
        container.reload()
        networks = container.attrs["NetworkSettings"]["Networks"]
        address = next(iter(networks.values()))["IPAddress"]
        try:
            httpx.get(f"http://{address}:8000/ready", timeout=2, trust_env=False)
            return
        except httpx.HTTPError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def target(number: int, container: Container, weight: int = 100) -> Target:
    return Target(number, f"http://{container.name}:8000", weight)


def route(
    *targets: Target,
    standby: Target | None = None,
    candidate: Target | None = None,
    fence: int = 1,
    stack: str = "shop",
    domain: str = DOMAIN,
) -> Route:
    return Route(stack, "prod", (domain,), targets, standby, candidate, fence, "/ready", False)


def wait_for_ping(addresses: EdgeAddresses) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            if httpx.get(f"{addresses.check_url}/ping", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            assert time.monotonic() < end, "the edge did not come back"
        time.sleep(0.05)

"""A slot that dies while it serves costs no request as long as another one stands by."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.networks import join_environment
from blocks.probes.witness import TrafficWitness
from tests import images
from tests.integration.edge_fixtures import *  # noqa: F403
from tests.integration.edge_fixtures import (
    DOMAIN,
    StartBackend,
    route,
    target,
    wait_until_it_listens,
)

# As a container whose network is taken away while its process dies: what it had accepted is closed
# without an answer, and who connects anew hears nothing at all, because the queue is full.
VANISHING = """
import http.server, socket, threading, time
class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/vanish":
            vanished.set()
            accepts_no_more.wait()
            server.socket.listen(0)
            for _ in range(8):
                waiting.append(socket.socket())
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex(server.server_address)
            time.sleep(0.2)
            self.close_connection = True
            return
        if self.path.startswith("/own"):
            asked.append(self.path)
            self.send_response(int(self.path.split("?")[1]))
            self.send_header("X-Asked", str(asked.count(self.path)))
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\\r\\nown\\r\\n0\\r\\n\\r\\n")
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *words):
        pass
class Server(http.server.ThreadingHTTPServer):
    def service_actions(self):
        if vanished.is_set():
            accepts_no_more.set()
            time.sleep(3600)
vanished, accepts_no_more, waiting, asked = threading.Event(), threading.Event(), [], []
server = Server(("", 8000), App)
server.serve_forever(0.01)
"""


def test_a_killed_slot_costs_no_request_while_a_standby_is_warm(
    edge: TraefikEdge, start_backend: StartBackend
) -> None:
    standby, doomed = target(1, start_backend(1)), start_backend(3)
    edge.apply(route(target(3, doomed), standby=standby))
    traffic = TrafficWitness(
        edge.public_url, DOMAIN, "/", rate_per_second=50, timeout_seconds=60, owner=("shop", "prod")
    )
    with traffic:
        time.sleep(0.5)
        doomed.kill()
        time.sleep(2)
    assert traffic.failures() == []
    assert traffic.figures().failed == 0


def test_a_request_to_a_slot_that_vanishes_with_its_address_goes_to_the_standby(
    edge: TraefikEdge, start_backend: StartBackend, vanishing: Container
) -> None:
    """The edge's own client sends such a request again by a new connection, and waits for that in
    vain: to its `retry` it is one that was sent, and answered by 504."""
    edge.apply(route(target(3, vanishing), standby=target(1, start_backend(1))))
    with httpx.Client(headers={"Host": DOMAIN}, timeout=30, trust_env=False) as visitor:
        assert visitor.get(edge.public_url).status_code == 200
        answer = visitor.get(f"{edge.public_url}/vanish")
    assert (answer.status_code, answer.json()["version"]) == (200, "v1")


@pytest.mark.parametrize("status", [502, 504])
def test_an_error_of_the_application_itself_is_passed_on_as_it_is(
    edge: TraefikEdge, vanishing: Container, status: int
) -> None:
    """Sent in pieces, of which Traefik's `retry` loses the status."""
    edge.apply(route(target(3, vanishing)))
    answer = httpx.get(
        f"{edge.public_url}/own?{status}", headers={"Host": DOMAIN}, timeout=30, trust_env=False
    )
    assert (answer.status_code, answer.headers["X-Asked"], answer.text) == (status, "1", "own")


@pytest.fixture
def vanishing(edge_host: DockerHost) -> Iterator[Container]:
    """A backend that is gone from the network at the request `/vanish`."""
    container = edge_host.client.containers.run(
        images.BASE,
        ["python3", "-c", VANISHING],
        name=f"{edge_host.edge_network}-vanishing",
        network=join_environment(edge_host, "shop", "prod"),
        detach=True,
    )
    wait_until_it_listens(container)
    yield container
    container.remove(force=True)

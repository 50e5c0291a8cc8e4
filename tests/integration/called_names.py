"""Two real networks of other stacks, with a caller on both, beside a real edge. Imported by the
tests of names that other stacks call."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.forwarders import EngineForwarders
from tests import images
from tests.contracts.known_names_contract import Neighbours
from tests.installation import free_ports
from tests.integration.edge_fixtures import StartBackend, target
from tidegate.edge.facts import CalledBy, HostPort, KnownName, Served, Target
from tidegate.edge.headers import DEPLOYMENT_HEADER, read_served
from tidegate.stack.slot import edge_network_name

CALL = """
import http.client, json, sys
address, path, sent = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
try:
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.putrequest("GET", path, skip_host="Host" in sent)
    for header, value in sent.items():
        connection.putheader(header, value)
    connection.endheaders()
    answer = connection.getresponse()
    print(json.dumps({"status": answer.status, "headers": dict(answer.getheaders()), "body": answer.read().decode()}))
except OSError as error:
    print(json.dumps({"status": 0, "headers": {}, "body": type(error).__name__}))
"""

STEADY = """
import http.client, json, sys, time
end, seen = time.monotonic() + float(sys.argv[2]), {}
while time.monotonic() < end:
    try:
        connection = http.client.HTTPConnection(sys.argv[1], timeout=5)
        connection.request("GET", "/ready")
        answer = connection.getresponse()
        answer.read()
        found = f"{answer.status} {answer.getheader('X-Tidegate-Deployment')}"
        connection.close()
    except OSError as error:
        found = type(error).__name__
    seen[found] = seen.get(found, 0) + 1
    time.sleep(0.01)
print(json.dumps(seen))
"""


def asked_here(url: str) -> dict[str, Any]:
    """The same of what somebody on this machine gets."""
    try:
        answer = httpx.get(url, timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        return {"status": 0, "headers": {}, "body": type(error).__name__}
    return {
        "status": answer.status_code,
        "headers": {name.title(): value for name, value in answer.headers.items()},
        "body": answer.text,
    }


def called(caller: Container, address: str, path: str = "/ready", **sent: str) -> dict[str, Any]:
    """Status (0 where nobody is there), headers and body of what a container gets that calls an
    address."""
    done = caller.exec_run(["python3", "-c", CALL, address, path, json.dumps(sent)])
    assert done.exit_code == 0, done.output
    assert isinstance(done.output, bytes)
    found: dict[str, Any] = json.loads(done.output)
    return found


def gateway_of(caller: Container, network: str) -> str:
    """By which a container of another stack reaches the host."""
    caller.reload()
    found: str = caller.attrs["NetworkSettings"]["Networks"][network]["Gateway"]
    return found


@pytest.fixture(scope="module")
def networks(edge_host: DockerHost) -> Iterator[tuple[str, str]]:
    names = tuple(f"Their-{uuid4().hex[:8]}_net" for _ in range(2))
    made = [edge_host.client.networks.create(name) for name in names]
    yield names[0], names[1]
    for network in made:
        network.remove()


@pytest.fixture(scope="module")
def caller(edge_host: DockerHost, networks: tuple[str, str]) -> Iterator[Container]:
    """Of another stack, on both networks."""
    made = edge_host.client.containers.run(
        images.BASE, ["sleep", "600"], network=networks[0], detach=True, init=True
    )
    edge_host.client.networks.get(networks[1]).connect(made)
    yield made
    made.remove(force=True)


@pytest.fixture(scope="module")
def backends(start_backend: StartBackend) -> tuple[Target, Target]:
    """Two deployments that answer."""
    return target(1, start_backend(1)), target(2, start_backend(2))


@pytest.fixture
def neighbours(
    edge_host: DockerHost,
    edge: TraefikEdge,
    backends: tuple[Target, Target],
    networks: tuple[str, str],
    caller: Container,
) -> Iterator[Neighbours]:
    one, other = free_ports(2)
    forwarders, started = EngineForwarders(edge_host), list[Container]()
    gateway = gateway_of(caller, networks[0])

    def call(one: CalledBy) -> Served | None:
        """By its name on this network, as the engine completes it, since the caller is on another
        one too; or by the address of the host."""
        at = f"{one.name}.{one.network}" if isinstance(one, KnownName) else one.address or gateway
        found = (
            asked_here(f"http://{at}:{one.port}/ready")
            if at.startswith("127.")
            else called(caller, f"{at}:{one.port}")
        )
        return read_served(found["headers"].get(DEPLOYMENT_HEADER.title(), ""))

    def start(network: str, name: str, project: str) -> str:
        container = edge_host.client.containers.create(
            images.BASE, ["sleep", "600"], labels={"com.docker.compose.project": project}
        )
        edge_host.client.networks.get(network).connect(container, aliases=[name])
        container.start()
        started.append(container)
        return str(container.name)

    @contextlib.contextmanager
    def hold(port: HostPort, taken_over: bool) -> Iterator[str]:
        container = edge_host.client.containers.run(
            images.BASE, ["sleep", "60"], ports={"80/tcp": (port.address, port.port)}, detach=True
        )
        if taken_over:
            network = edge_network_name(edge_host.edge_network, "shop", "prod")
            edge_host.client.networks.get(network).connect(container)
        yield str(container.name)
        container.remove(force=True)

    yield Neighbours(forwarders, edge, backends, 8000, networks, call, start, hold, (one, other))
    for environment in ("prod", "staging"):
        forwarders.keep("shop", environment, [])
    for container in started:
        container.remove(force=True)

"""From an application's container nothing of another environment can be reached through the edge's
networks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeMaker, stop_edge
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.networks import join_environment, leave_environment
from tests import images
from tests.integration.edge_fixtures import BACKEND, wait_until_it_listens
from tidegate.edge.facts import Route, Served, Target
from tidegate.plan.address_pools import DEFAULT_POOLS, networks_left
from tidegate.stack.slot import foreign_edge_networks

ASK = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def ask(address):
    host, port = address.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), 2) as s:
            s.sendall(b"GET /api/rawdata HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n")
            return s.recv(200).decode(errors="replace").split("\\r\\n")[0]
    except OSError as error:
        return type(error).__name__
with ThreadPoolExecutor(20) as pool:
    print(json.dumps(dict(zip(sys.argv[1:], pool.map(ask, sys.argv[1:])))))
"""


@pytest.fixture(scope="module")
def host() -> Iterator[DockerHost]:
    made = DockerHost(edge_network=f"edge-test-{uuid4().hex[:8]}")
    yield made
    for network in made.client.networks.list(
        filters={"label": f"tidegate.edge={made.edge_network}"}
    ):
        network.remove()


@pytest.fixture(scope="module")
def edge(host: DockerHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraefikEdge]:
    folder = tmp_path_factory.mktemp("edge")
    addresses = EdgeMaker(host, images.EDGE, folder, 0, 0).ensure()
    yield TraefikEdge(
        config_directory=folder, public_url=addresses.public_url, check_url=addresses.check_url
    )
    stop_edge(host, host.edge_network, grace_seconds=1)


@pytest.fixture(scope="module")
def neighbours(host: DockerHost, edge: TraefikEdge) -> Iterator[dict[str, Container]]:
    """One slot of each of three environments, all of them served."""
    slots = {}
    for stack, environment in (("shop", "prod"), ("shop", "staging"), ("mill", "prod")):
        network = join_environment(host, stack, environment)
        slots[f"{stack}-{environment}"] = host.client.containers.run(
            images.BASE,
            ["python3", "-c", BACKEND],
            name=f"{host.edge_network}-{stack}-{environment}",
            environment={"VERSION": stack},
            network=network,
            detach=True,
        )
    for name, container in slots.items():
        wait_until_it_listens(container)
        stack, environment = name.split("-")
        target = Target(1, f"http://{container.name}:8000")
        edge.apply(
            Route(
                stack,
                environment,
                (f"{name}.localhost",),
                (target,),
                None,
                None,
                1,
                "/ready",
                False,
            )
        )
    yield slots
    for container in slots.values():
        container.remove(force=True)


def addresses_of(container: Container) -> dict[str, str]:
    container.reload()
    return {
        name: network["IPAddress"]
        for name, network in container.attrs["NetworkSettings"]["Networks"].items()
    }


def asked_from(container: Container, *addresses: str) -> dict[str, Any]:
    code, said = container.exec_run(["python3", "-c", ASK, *addresses])
    assert code == 0, said
    return dict(json.loads(cast(bytes, said)))


def test_no_other_environment_is_reached_by_name_or_by_address(
    neighbours: dict[str, Container],
) -> None:
    shop = neighbours["shop-prod"]
    others = [one for name, one in neighbours.items() if name != "shop-prod"]
    wanted = [
        f"{where}:8000" for one in others for where in (str(one.name), *addresses_of(one).values())
    ]
    assert set(asked_from(shop, *wanted).values()) <= {
        "gaierror",
        "TimeoutError",
        "timeout",
        "OSError",
        "ConnectionRefusedError",
    }
    assert asked_from(shop, "127.0.0.1:8000") == {
        "127.0.0.1:8000": "HTTP/1.1 200 OK"
    }  # the question itself works


def test_of_the_edge_nothing_answers_but_what_the_public_port_serves(
    host: DockerHost, edge: TraefikEdge, neighbours: dict[str, Container]
) -> None:
    container = host.client.containers.get(host.edge_network)
    everywhere = [host.edge_network, *addresses_of(container).values()]
    shop = neighbours["shop-prod"]
    checks = asked_from(shop, *[f"{where}:8001" for where in everywhere])
    assert not [said for said in checks.values() if said.startswith("HTTP")], checks
    public = asked_from(shop, f"{host.edge_network}:8000")
    assert public == {f"{host.edge_network}:8000": "HTTP/1.1 404 Not Found"}
    assert (
        httpx.get(f"{edge.check_url}/api/rawdata", trust_env=False).status_code == 200
    )  # for Tidegate it answers


def test_the_edge_refuses_whoever_asks_its_check_entry_point_from_another_range(
    edge: TraefikEdge,
) -> None:
    shown = httpx.get(f"{edge.check_url}/api/rawdata", trust_env=False).json()
    allowed = shown["middlewares"]["edge-control@file"]["ipAllowList"]["sourceRange"]
    assert len(allowed) == 1
    for name, router in shown["routers"].items():
        if "check" in router["entryPoints"]:
            assert "edge-control@file" in router["middlewares"], name


def test_a_restarted_edge_keeps_its_networks_and_serves_all(
    host: DockerHost, edge: TraefikEdge, neighbours: dict[str, Container]
) -> None:
    before = addresses_of(host.client.containers.get(host.edge_network))
    host.client.containers.get(host.edge_network).restart(timeout=1)
    EdgeMaker(host, images.EDGE, edge.config_directory, 0, 0).ensure()
    assert addresses_of(host.client.containers.get(host.edge_network)).keys() == before.keys()
    assert {edge.serving(f"{name}.localhost", "/") for name in neighbours} == {
        Served("shop", "prod", 1),
        Served("shop", "staging", 1),
        Served("mill", "prod", 1),
    }


def test_a_new_edge_joins_every_network_before_it_answers(
    host: DockerHost, edge: TraefikEdge, neighbours: dict[str, Container]
) -> None:
    container = host.client.containers.get(host.edge_network)
    public, check = (int(url.rsplit(":", 1)[1]) for url in (edge.public_url, edge.check_url))
    stop_edge(host, str(container.id), grace_seconds=1)
    EdgeMaker(host, images.EDGE, edge.config_directory, public, check).ensure()
    for name in neighbours:
        edge.apply(edge_route(edge, name))
        assert edge.serving(f"{name}.localhost", "/") is not None


def edge_route(edge: TraefikEdge, name: str) -> Route:
    found = edge.route(*name.split("-"))
    assert found is not None
    return found


def test_a_network_is_kept_while_a_container_needs_it_and_goes_with_the_last(
    host: DockerHost, edge: TraefikEdge
) -> None:
    network = join_environment(host, "depot", "prod")
    stopped = host.client.containers.create(images.BASE, ["true"], network=network)
    try:
        assert not leave_environment(host, "depot", "prod")
    finally:
        stopped.remove()
    assert leave_environment(host, "depot", "prod")
    assert network not in addresses_of(host.client.containers.get(host.edge_network))
    assert leave_environment(host, "depot", "prod")


# --- a compose file cannot join a network of the edge ---


@pytest.mark.parametrize("network", ["edge", "0-edge", "edge_mill_prod", "edge_shop_prod"])
def test_a_compose_file_that_joins_a_network_of_the_edge_is_refused(network: str) -> None:
    model = {
        "services": {"web": {"networks": {"spy": None}}, "db": {"networks": {"own": None}}},
        "networks": {"spy": {"name": network, "external": True}, "own": {"name": "shop_own"}},
    }
    assert foreign_edge_networks(model, "edge") == [
        f"services.web.networks: {network} belongs to the edge"
    ]


@pytest.mark.parametrize("mode", ["edge", "0-edge", "edge_mill_prod"])
def test_a_service_that_takes_a_network_of_the_edge_as_its_mode_is_refused(mode: str) -> None:
    model = {"services": {"db": {"network_mode": mode}, "cache": {"network_mode": "none"}}}
    assert foreign_edge_networks(model, "edge") == [
        f"services.db.network_mode: {mode} belongs to the edge"
    ]


def test_an_engine_with_default_settings_has_thirty_networks_to_give() -> None:
    used = ["172.17.0.0/16"]
    assert networks_left(DEFAULT_POOLS, used) == 30
    used += [f"172.{number}.0.0/16" for number in range(18, 32)] + [
        f"192.168.{16 * number}.0/20" for number in range(15)
    ]
    assert networks_left(DEFAULT_POOLS, used) == 1
    assert networks_left(DEFAULT_POOLS, [*used, "192.168.250.0/24", "fd00::/64", "10.0.0.0/8"]) == 0
    assert networks_left([("10.0.0.0/8", 24)], ["10.0.1.128/25", "10.0.1.0/25"]) == 65535

"""Ports of the host by which others call a service, on a real engine and through a real edge."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeMaker
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.forwarder import PORT_LABEL
from blocks.edges.traefik.replacing import EdgeReplacing
from cli.edge import open_names
from cli.status_called import unanswered
from tests import images
from tests.contracts.kept_ports_contract import KeptPortsContract
from tests.contracts.known_names_contract import Neighbours
from tests.integration.called_names import *  # noqa: F403
from tests.integration.called_names import STEADY, asked_here, called, gateway_of
from tests.integration.edge_fixtures import *  # noqa: F403
from tests.unit.ledger_parts import Clock, open_ledger, record_release
from tidegate.edge.facts import HostPort, Served
from tidegate.ledger.adoptions import NOTE
from tidegate.ledger.ledger import Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """In which nothing was ever deployed."""
    with open_ledger(tmp_path, Clock()) as opened:
        yield opened


def take_over(ledger: Ledger, ports: list[str]) -> None:
    """The containers of a takeover serve in shop prod."""
    release = record_release(ledger, stack="shop")
    opened = ledger.deployments.open(
        key="adopt/shop/prod",
        release_id=release.id,
        environment="prod",
        requested_by="mei",
        run_id="run-1",
        kind="adoption",
    )
    step = ledger.journal.begin(opened.id, NOTE, {})
    ledger.journal.done(step.key, {"containers": [{"id": "1", "ports": ports}]})
    for state in (S.CHANGING, S.WATCHING, S.GOOD):
        ledger.deployments.move(opened.id, state, reason="taken over", actor="mei")


class TestEngineForwarders(KeptPortsContract):
    """The contract, on a real engine."""


def calling(
    caller: Container, address: str, seconds: float
) -> tuple[threading.Thread, list[bytes]]:
    """A container of another stack calls an address without a pause, and counts what it gets."""
    seen = list[bytes]()

    def call() -> None:
        output = caller.exec_run(["python3", "-c", STEADY, address, str(seconds)]).output
        assert isinstance(output, bytes)
        seen.append(output)

    thread = threading.Thread(target=call)
    thread.start()
    return thread, seen


def test_a_switch_costs_those_who_call_the_port_no_request(
    neighbours: Neighbours, caller: Container
) -> None:
    port, (old, new) = neighbours.host_port(address=""), neighbours.slots
    neighbours.serve(old, port)
    thread, seen = calling(caller, f"{gateway_of(caller, neighbours.networks[0])}:{port.port}", 4)
    for slot in (new, old, new):
        neighbours.serve(slot, port)
    thread.join()
    counted = json.loads(seen[0])
    assert {*counted} <= {"200 shop/prod/1", "200 shop/prod/2"}
    assert sum(counted.values()) > 50


@pytest.mark.crash_only("tests/integration/test_known_names.py: the same of a name")
def test_an_edge_is_replaced_without_a_lost_request_of_those_who_call_the_port(
    edge_host: DockerHost, edge: TraefikEdge, neighbours: Neighbours, caller: Container
) -> None:
    port = neighbours.host_port(address="")
    neighbours.serve(neighbours.slots[0], port)
    public, check = (int(url.rpartition(":")[2]) for url in (edge.public_url, edge.check_url))
    maker = EdgeMaker(edge_host, images.EDGE, edge.config_directory, public, check)
    thread, seen = calling(caller, f"{gateway_of(caller, neighbours.networks[0])}:{port.port}", 20)
    EdgeReplacing(maker, edge, drain_seconds=5).replace()
    thread.join()
    assert json.loads(seen[0]).keys() == {"200 shop/prod/1"}


def test_a_port_is_bound_to_the_address_that_is_said_and_to_no_other(
    neighbours: Neighbours, caller: Container
) -> None:
    here, everywhere = neighbours.host_port(), neighbours.host_port(1, address="")
    neighbours.serve(neighbours.slots[0], here, everywhere)
    gateway = gateway_of(caller, neighbours.networks[0])
    assert called(caller, f"{gateway}:{here.port}")["status"] == 0
    assert called(caller, f"{gateway}:{everywhere.port}")["status"] == 200
    assert asked_here(f"http://127.0.0.1:{here.port}/ready")["status"] == 200


def test_the_application_sees_one_name_of_the_host_whatever_was_called(
    neighbours: Neighbours, caller: Container
) -> None:
    port, name = neighbours.host_port(address=""), neighbours.name()
    neighbours.serve(neighbours.slots[0], port, name)
    at = f"{gateway_of(caller, neighbours.networks[0])}:{port.port}"
    for sent in ({}, {"Host": "shop.example.test"}, {"Host": name.host}, {"Connection": "Host"}):
        page = json.loads(called(caller, at, "/a?b=1", **sent)["body"])
        assert (page["host"], page["path"]) == (f"localhost:{port.port}", "/a?b=1")


def test_only_forwarders_come_by_the_door_of_a_port(
    edge: TraefikEdge, neighbours: Neighbours
) -> None:
    port = neighbours.host_port()
    neighbours.serve(neighbours.slots[0], port)
    asked = {"Host": port.host}
    here = httpx.get(f"{edge.public_url}/ready", headers=asked, trust_env=False)
    assert here.status_code == 403


def test_the_same_again_touches_no_container_and_a_start_brings_back_what_was_removed(
    edge_host: DockerHost, edge: TraefikEdge, neighbours: Neighbours, ledger: Ledger
) -> None:
    port = neighbours.host_port()
    neighbours.serve(neighbours.slots[0], port)
    [before] = forwarders_at_ports(edge_host)
    settings = Settings(home=edge.config_directory.parent, edge_name=edge_host.edge_network)
    assert unanswered(settings, "shop", "prod", [port]) == []
    neighbours.serve(neighbours.slots[1], port)
    assert [one.id for one in forwarders_at_ports(edge_host)] == [before.id]
    before.remove(force=True)
    assert unanswered(settings, "shop", "prod", [port]) == [f"nobody answers at {port}"]
    assert open_names(edge_host, edge, ledger) == []
    assert neighbours.call(port) == Served("shop", "prod", 2)


def test_a_start_leaves_a_port_to_the_container_that_was_taken_over(
    edge_host: DockerHost, edge: TraefikEdge, neighbours: Neighbours, ledger: Ledger
) -> None:
    port = left_by_its_forwarder(edge_host, neighbours)
    with neighbours.hold(port, True):
        assert open_names(edge_host, edge, ledger) == []
        assert neighbours.call(port) is None
    with neighbours.hold(port, False):
        [fault] = open_names(edge_host, edge, ledger)
        assert f"forwarding {port}" in fault
    assert open_names(edge_host, edge, ledger) == []
    assert neighbours.call(port) == Served("shop", "prod", 1)


def test_a_start_leaves_the_port_of_a_container_that_serves_alone_while_it_is_down(
    edge_host: DockerHost, edge: TraefikEdge, neighbours: Neighbours, ledger: Ledger
) -> None:
    """After a reboot, where it has no restart policy: with its port taken it could not start."""
    port = left_by_its_forwarder(edge_host, neighbours)
    take_over(ledger, [f"127.0.0.1:{port.port} → 8080"])
    assert open_names(edge_host, edge, ledger) == []
    assert forwarders_at_ports(edge_host) == []


def test_the_edges_own_restart_is_no_matter_to_the_port(
    edge_host: DockerHost, neighbours: Neighbours
) -> None:
    port = neighbours.host_port()
    neighbours.serve(neighbours.slots[0], port)
    [made] = forwarders_at_ports(edge_host)
    made.restart(timeout=1)
    neighbours.serve(neighbours.slots[0], port)
    assert neighbours.call(port) == Served("shop", "prod", 1)


def left_by_its_forwarder(host: DockerHost, neighbours: Neighbours) -> HostPort:
    """The port of a service that serves, after somebody has removed the container that had it."""
    port = neighbours.host_port()
    neighbours.serve(neighbours.slots[0], port)
    [made] = forwarders_at_ports(host)
    made.remove(force=True)
    return port


def forwarders_at_ports(host: DockerHost) -> list[Container]:
    labels = [PORT_LABEL, f"tidegate.edge={host.edge_network}"]
    return host.client.containers.list(all=True, filters={"label": labels})


@pytest.mark.parametrize("address", ["", "0.0.0.0", "127.0.0.1"])
def test_it_is_published_as_the_compose_file_would_publish_it(
    edge_host: DockerHost, neighbours: Neighbours, address: str
) -> None:
    port = HostPort(address, neighbours.free[0], "/ready")
    neighbours.serve(neighbours.slots[0], port)
    [made] = forwarders_at_ports(edge_host)
    told = made.attrs["HostConfig"]["PortBindings"][f"{port.port}/tcp"]
    assert told == [{"HostIp": address, "HostPort": str(port.port)}]

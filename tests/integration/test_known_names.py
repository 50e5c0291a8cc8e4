"""Names by which other stacks call a service on a network of a real engine, through a real edge."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import httpx
import pytest
from docker.models.containers import Container

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeMaker
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.forwarder import ROLE
from blocks.edges.traefik.replacing import EdgeReplacing
from cli.edge import open_names
from tests import images
from tests.contracts.known_names_contract import KnownNamesContract, Neighbours
from tests.integration.called_names import *  # noqa: F403
from tests.integration.called_names import STEADY, called
from tests.integration.edge_fixtures import *  # noqa: F403
from tests.unit.ledger_parts import ledger_url
from tidegate.edge.facts import KnownName, Served
from tidegate.edge.headers import DEPLOYMENT_HEADER
from tidegate.facts import FORWARDS_TO_LABEL
from tidegate.ledger.ledger import Ledger


class TestEngineForwarders(KnownNamesContract):
    """The contract, on a real engine."""


def forwarders_of(host: DockerHost) -> list[Container]:
    labels = ["tidegate.role=" + ROLE, f"tidegate.edge={host.edge_network}"]
    return host.client.containers.list(all=True, filters={"label": labels})


def steadily(caller: Container, name: KnownName, seconds: float) -> bytes:
    """What a container gets that calls the name without a pause, counted."""
    command = ["python3", "-c", STEADY, f"{name.name}:{name.port}", str(seconds)]
    output = caller.exec_run(command).output
    assert isinstance(output, bytes)
    return output


def test_a_switch_costs_those_who_call_the_name_no_request(
    neighbours: Neighbours, caller: Container
) -> None:
    name, (old, new) = neighbours.name(), neighbours.slots
    neighbours.serve(old, name)
    outputs = list[bytes]()
    calling = threading.Thread(target=lambda: outputs.append(steadily(caller, name, 4)))
    calling.start()
    for slot in (new, old, new):
        neighbours.serve(slot, name)
    calling.join()
    seen = json.loads(outputs[0])
    assert {*seen} <= {"200 shop/prod/1", "200 shop/prod/2"}
    assert sum(seen.values()) > 50


@pytest.mark.crash_only("tests/integration/test_edge_replacing.py: the same of visitors")
def test_an_edge_is_replaced_without_a_lost_request_of_those_who_call_the_name(
    edge_host: DockerHost, edge: TraefikEdge, neighbours: Neighbours, caller: Container
) -> None:
    name = neighbours.name()
    neighbours.serve(neighbours.slots[0], name)
    public, check = (int(url.rpartition(":")[2]) for url in (edge.public_url, edge.check_url))
    maker = EdgeMaker(edge_host, images.EDGE, edge.config_directory, public, check)
    seen = list[bytes]()
    calling = threading.Thread(target=lambda: seen.append(steadily(caller, name, 20)))
    calling.start()
    EdgeReplacing(maker, edge, drain_seconds=5).replace()
    calling.join()
    assert json.loads(seen[0]).keys() == {"200 shop/prod/1"}


def test_the_application_sees_the_name_that_was_called(
    neighbours: Neighbours, caller: Container
) -> None:
    name = neighbours.name()
    neighbours.serve(neighbours.slots[0], name)
    page = json.loads(called(caller, f"ocr:{name.port}", "/a?b=1")["body"])
    assert (page["host"], page["path"], page["version"]) == (f"ocr:{name.port}", "/a?b=1", "v1")


def test_a_caller_cannot_get_anything_else_out_of_a_forwarder(
    edge: TraefikEdge, neighbours: Neighbours, caller: Container
) -> None:
    """Neither another door, nor another version, nor the edge's own pages."""
    name, (one, other) = neighbours.name(), neighbours.slots
    neighbours.serve(one, name)
    neighbours.serve(other, environment="staging")
    asked: list[tuple[str, dict[str, str]]] = [
        ("/ready", {"Host": "staging.shop.example.test"}),
        ("/api/rawdata", {"Host": "127.0.0.1"}),
        ("/ready", {"Connection": "Host, X-Forwarded-For, X-Tidegate-Slot"}),
        ("/ready", {"X-Tidegate-Slot": "shop/staging/2"}),
        ("/ready", {"X-Forwarded-Host": "staging.shop.example.test"}),
        ("/ready", {"Host": name.host}),
    ]
    for path, sent in asked:
        got = called(caller, f"ocr:{name.port}", path, **sent)
        served = got["headers"].get(DEPLOYMENT_HEADER)
        assert (served, got["status"]) == ("shop/prod/1", 200), sent
        assert json.loads(got["body"])["host"] == f"ocr:{name.port}"


def test_only_forwarders_come_by_the_door_of_a_name(
    edge_host: DockerHost, edge: TraefikEdge, neighbours: Neighbours
) -> None:
    """Neither people, nor a slot, which finds the edge on its own network."""
    name, (slot, _) = neighbours.name(), neighbours.slots
    neighbours.serve(slot, name)
    told = name.host
    asked = f"{edge_host.edge_network}:8000"
    backend = edge_host.client.containers.get(slot.url.split("/")[2].split(":")[0])
    assert called(backend, asked, Host=told)["status"] == 403
    here = httpx.get(f"{edge.public_url}/ready", headers={"Host": told}, trust_env=False)
    assert here.status_code == 403


def test_the_edge_itself_is_on_no_network_of_others(
    edge_host: DockerHost, neighbours: Neighbours, caller: Container
) -> None:
    name = neighbours.name()
    neighbours.serve(neighbours.slots[0], name)
    assert called(caller, f"{edge_host.edge_network}:8000")["status"] == 0
    [forwarder] = forwarders_of(edge_host)
    address = forwarder.attrs["NetworkSettings"]["Networks"][name.network]["IPAddress"]
    other_ports = [called(caller, f"{address}:{port}")["status"] for port in (80, 8001, 8080)]
    assert other_ports == [0, 0, 0]


def test_the_same_again_touches_no_container(edge_host: DockerHost, neighbours: Neighbours) -> None:
    name = neighbours.name()
    neighbours.serve(neighbours.slots[0], name)
    before = [(one.id, one.attrs["State"]["StartedAt"]) for one in forwarders_of(edge_host)]
    neighbours.serve(neighbours.slots[1], name)
    assert [(one.id, one.attrs["State"]["StartedAt"]) for one in forwarders_of(edge_host)] == before


def test_a_forwarder_that_a_killed_run_has_left_half_made_is_finished(
    edge_host: DockerHost, neighbours: Neighbours
) -> None:
    name, (slot, _) = neighbours.name(), neighbours.slots
    neighbours.serve(slot, name)
    [made] = forwarders_of(edge_host)
    called_so, labels, image = made.name, made.labels, made.attrs["Image"]
    made.remove(force=True)
    edge_host.client.containers.create(image, name=called_so, labels=labels)  # and no more
    neighbours.serve(slot, name)
    assert neighbours.call(name) == Served("shop", "prod", 1)
    [again] = forwarders_of(edge_host)
    edge_host.client.networks.get(name.network).disconnect(again)
    assert neighbours.forwarders.lacking("shop", "prod", [name]) == [name]
    neighbours.serve(slot, name)
    assert neighbours.call(name) == Served("shop", "prod", 1)


def test_a_start_of_tidegate_has_the_forwarders_that_somebody_has_removed(
    edge_host: DockerHost, edge: TraefikEdge, neighbours: Neighbours, tmp_path: Path
) -> None:
    """Of two environments, although the network of the first is gone."""
    ledger = Ledger(ledger_url(tmp_path))
    name, (one, other) = neighbours.name(), neighbours.slots
    gone = edge_host.client.networks.create(f"gone-{edge_host.edge_network}")
    there = KnownName("ocr", str(gone.name), name.port, "/ready")
    neighbours.serve(one, there)
    neighbours.serve(other, name, environment="staging")
    for made in forwarders_of(edge_host):
        made.remove(force=True)
    gone.remove()
    [fault] = open_names(edge_host, edge, ledger)
    assert fault.startswith("shop prod: forwarding what others call of shop prod: not found")
    assert neighbours.call(name) == Served("shop", "staging", 2)
    [_, again] = sorted(forwarders_of(edge_host), key=lambda made: made.labels[FORWARDS_TO_LABEL])
    open_names(edge_host, edge, ledger)
    again.reload()
    assert again.status == "running"


def test_a_forwarder_that_was_stopped_or_restarted_answers_again(
    edge_host: DockerHost, neighbours: Neighbours
) -> None:
    name, (slot, _) = neighbours.name(), neighbours.slots
    neighbours.serve(slot, name)
    [made] = forwarders_of(edge_host)
    made.restart(timeout=1)
    neighbours.serve(slot, name)
    assert neighbours.call(name) == Served("shop", "prod", 1)
    made.stop(timeout=1)
    neighbours.serve(slot, name)
    assert neighbours.call(name) == Served("shop", "prod", 1)

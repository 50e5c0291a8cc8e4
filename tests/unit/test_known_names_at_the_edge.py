"""What the edge and its forwarders are told of the names that other stacks call."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.edges.traefik.forwarding import flags_for, forwarding
from blocks.edges.traefik.settings import own_routes
from tests.unit.test_known_names import OCR, stack
from tidegate.edge.facts import Door, KnownName, Route, Target
from tidegate.edge.hosts import is_forwarded, name_on, on_network, whole_names
from tidegate.edge.known_names import known_names
from tidegate.edge.route_files import read_route
from tidegate.edge.routes import FORWARDERS_ONLY, traefik_config
from tidegate.edge.routing import doors_of_slot
from tidegate.errors import EdgeError, StackFileError
from tidegate.stack.routes import taken_hosts

HOST = "ocr-service.8080.Back_net.v2._network"
DOMAIN_DOOR = Door(("ocr.example",), "/", "http://ocr-prod-3-web:8080", "/health")


def test_no_host_name_that_people_can_have_is_a_name_on_a_network(tmp_path: Path) -> None:
    assert name_on("Back_net.v2", "ocr-service", 8080) == HOST
    assert on_network(HOST) == ("ocr-service", "Back_net.v2", 8080)
    assert whole_names(["ocr.example", "*.ocr.example", HOST]) == ["ocr.example"]
    with pytest.raises(StackFileError, match="must be a host name"):
        stack(tmp_path, prod={"domains": ["ocr-service.8080.back._network"]})


def route(tmp_path: Path, *lines: dict[str, Any]) -> Route:
    made = stack(tmp_path, *lines)
    doors = doors_of_slot(made, made.environments["prod"], "ocr-prod-3")
    slot = Target(3, doors[0].url, doors=doors)
    hosts = taken_hosts(made.services, made.environments["prod"])
    return Route("ocr", "prod", hosts, (slot,), None, None, 7, "/health", https=False)


def test_a_slot_has_a_door_for_each_name(tmp_path: Path) -> None:
    [slot] = route(tmp_path, OCR, OCR | {"network": "front"}).targets
    assert slot.doors == (
        DOMAIN_DOOR,
        replace(DOMAIN_DOOR, hosts=(HOST,)),
        replace(DOMAIN_DOOR, hosts=("ocr-service.8080.front._network",)),
    )
    assert known_names(slot) == [
        KnownName("ocr-service", "Back_net.v2", 8080, "/health"),
        KnownName("ocr-service", "front", 8080, "/health"),
    ]
    made = stack(tmp_path)
    assert doors_of_slot(made, made.environments["prod"], "ocr-prod-3") == ()


def test_only_forwarders_come_by_such_a_door_and_the_application_sees_its_own_name(
    tmp_path: Path,
) -> None:
    http = yaml.safe_load(traefik_config(route(tmp_path, OCR)))["http"]
    public = {
        name: one["middlewares"]
        for name, one in http["routers"].items()
        if one["entryPoints"] == ["web"]
    }
    assert public == {
        "ocr_prod_public": ["ocr_prod_retry"],
        "ocr_prod_public_1_network_0": [
            f"{FORWARDERS_ONLY}@file",
            "ocr_prod_called_1",
            "ocr_prod_retry",
        ],
    }
    asked = http["middlewares"]["ocr_prod_called_1"]["headers"]["customRequestHeaders"]
    assert asked == {"Host": "ocr-service:8080"}


def test_a_closed_route_keeps_its_names_and_is_closed_to_forwarders_alone(tmp_path: Path) -> None:
    closed = replace(route(tmp_path, OCR), targets=())
    text = traefik_config(closed)
    [called] = [
        one for one in yaml.safe_load(text)["http"]["routers"].values() if HOST in one["rule"]
    ]
    assert called["middlewares"] == [f"{FORWARDERS_ONLY}@file", "ocr_prod_closed"]
    assert read_route(text) == closed


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    serving = route(tmp_path, OCR, OCR | {"name": "reader", "port": 9000, "ready_path": "/r"})
    [slot] = serving.targets
    other = replace(slot, deployment=4)
    for one in (
        serving,
        replace(serving, standby=other),
        replace(serving, candidate=other),
        replace(serving, targets=(), candidate=other),
        replace(serving, targets=(replace(slot, doors=()),), candidate=other),
    ):
        assert read_route(traefik_config(one)) == one


@pytest.mark.parametrize(
    "host",
    [
        "a`b.8080.net._network",
        "a.8080.b`c._network",
        "a.8`.net._network",
        "._network",
        "a._network",
        "a.net._network",
        "8180`._port",
        "8180.1`._port",
        "._port",
    ],
)
def test_a_route_with_a_name_that_is_none_is_refused(tmp_path: Path, host: str) -> None:
    made = route(tmp_path, OCR)
    with pytest.raises(EdgeError, match="is no host name"):
        traefik_config(replace(made, domains=(*made.domains, host)))
    assert is_forwarded(host)


# --- what a forwarder is told ---


def test_a_forwarder_listens_at_one_port_and_knows_one_way(tmp_path: Path) -> None:
    name = KnownName("ocr-service", "Back_net.v2", 8080, "/health")
    entry_points = [flag for flag in flags_for([name]) if ".address=" in flag]
    assert entry_points == ["--entrypoints.called-8080.address=:8080"]
    http = yaml.safe_load(forwarding([name], IPv4Network("172.20.0.0/16")))["http"]
    assert http["middlewares"]["called-8080"]["headers"]["customRequestHeaders"] == {"Host": HOST}
    servers = [
        one["loadBalancer"]["servers"][0]["url"]
        for one in http["services"].values()
        if "loadBalancer" in one
    ]
    assert servers == ["http://172.20.0.2:8000", "http://172.20.0.3:8000"]


def test_the_edge_takes_the_word_of_forwarders_by_their_half_of_the_control_network() -> None:
    """The edge, one that stands in for it, and the gateway have addresses in the other half."""
    own = yaml.safe_load(own_routes("172.20.0.0/16"))["http"]["middlewares"]
    assert own[FORWARDERS_ONLY]["ipAllowList"]["sourceRange"] == ["172.20.128.0/17"]

"""`kept_ports` of a stack file: what is read and refused, whose a port of the host is, and what the
edge and the forwarder are told of it."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.edges.traefik.forwarding import flags_for, forwarding, together
from tests.unit.test_known_names import OCR, claims, stack
from tidegate.edge.doors import doors_of_stacks, shared_doors, taken_doors
from tidegate.edge.facts import HostPort, KnownName, Route, Target
from tidegate.edge.hosts import are_one_property, port_at, whole_names
from tidegate.edge.known_names import known_names
from tidegate.edge.route_files import read_route
from tidegate.edge.routes import FORWARDERS_ONLY, traefik_config
from tidegate.edge.routing import doors_of_slot
from tidegate.errors import StackFileError
from tidegate.plan.occupancy import holders
from tidegate.plan.occupants import Occupant
from tidegate.stack.file import Stack
from tidegate.stack.kept_ports import KeptPort, published_faults
from tidegate.stack.routes import addresses, taken_hosts

WEB = {"service": "web", "host_port": 8180}
LOCAL = WEB | {"address": "127.0.0.1"}


def keeping(folder: Path, *lines: dict[str, Any], name: str = "ocr", **changed: Any) -> Stack:
    own = {"kept_ports": [*lines]} | changed.pop("prod", {})
    return stack(folder, name=name, prod=own, **changed)


# --- the stack file ---


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (WEB | {"service": "db"}, "kept_ports[0].service: no released service 'db'"),
        (WEB | {"service": "api"}, "services[1]: api is behind the edge and needs a port"),
        ({"service": "web"}, "environments.prod.kept_ports[0].host_port: is missing"),
        (WEB | {"host_port": 70000}, "environments.prod.kept_ports[0].host_port: "),
        (WEB | {"address": "::1"}, "kept_ports[0].address: must be an IPv4 address"),
        (WEB | {"address": "127.0.0.256"}, "kept_ports[0].address: must be an IPv4 address"),
        (WEB | {"network": "back"}, "environments.prod.kept_ports[0].network: unknown key"),
    ],
)
def test_a_fault_is_named_by_its_path(tmp_path: Path, line: dict[str, Any], said: str) -> None:
    with pytest.raises(StackFileError) as refused:
        keeping(tmp_path, line)
    assert said in str(refused.value)


def test_a_port_has_one_line_on_a_host(tmp_path: Path) -> None:
    keeping(tmp_path, LOCAL, LOCAL | {"address": "10.0.0.5"}, WEB | {"host_port": 8181})
    with pytest.raises(StackFileError, match=r"kept_ports\[1\]: 8180 is there already"):
        keeping(tmp_path, LOCAL, WEB)
    with pytest.raises(StackFileError, match=r"kept_ports\[0\]: 8180 is a port of prod too"):
        keeping(tmp_path, WEB, staging={"kept_ports": [WEB]})
    keeping(tmp_path, WEB, staging={"kept_ports": [WEB], "host": "other"})


def test_a_service_that_only_a_port_leads_to_says_port_and_ready_path(tmp_path: Path) -> None:
    line = WEB | {"service": "api", "port": 9000, "ready_path": "/ready"}
    made = keeping(tmp_path, line)
    where = addresses(made.services, made.routes, made.environments["prod"])
    assert where == ("ocr.example", ":8180 → api:9000")
    said = LOCAL | {"service": "api", "port": 9000, "ready_path": "/ready"}
    made = keeping(tmp_path, said)
    assert addresses(made.services, (), made.environments["prod"])[1] == (
        "127.0.0.1:8180 → api:9000"
    )


# --- the compose files ---


def published(**said: Any) -> dict[str, Any]:
    port = {"published": "8180", "target": 8080, "protocol": "tcp", "mode": "ingress"} | said
    return {"services": {"web": {"ports": [port]}}}


@pytest.mark.parametrize(
    ("line", "said", "fault"),
    [
        (WEB, {}, None),
        (LOCAL, {"host_ip": "127.0.0.1"}, None),
        (WEB, {"published": "8180-8190"}, "8180 is none of them"),
        (WEB, {"protocol": "udp"}, "8180 is UDP: only HTTP can be kept"),
        (WEB, {"host_ip": "127.0.0.1"}, "127.0.0.1:8180 is published, and stack.yaml keeps 8180"),
        (WEB, {"host_ip": "0.0.0.0"}, "write `address: 0.0.0.0` there"),
        (LOCAL, {}, "8180 is published, and stack.yaml keeps 127.0.0.1:8180: take `address` out"),
        (WEB, {"host_ip": "::1"}, "8180 is published at ::1: only IPv4 addresses can be kept"),
        (WEB, {"target": 9000}, "8180 leads to 9000 in the container, and stack.yaml says 8080"),
    ],
)
def test_the_compose_file_publishes_it_as_it_is_said(
    line: dict[str, Any], said: dict[str, Any], fault: str | None
) -> None:
    found = [*published_faults(published(**said), [(KeptPort.model_validate(line), 8080)])]
    assert len(found) == (1 if fault else 0)
    assert all(one.startswith("services.web.ports: ") and str(fault) in one for one in found)


def test_no_other_service_of_the_stack_publishes_it() -> None:
    model = published()
    model["services"]["proxy"] = {"ports": [{"published": "8180", "target": 80}]}
    line = KeptPort.model_validate(WEB)
    assert [*published_faults(model, [(line, 8080)])] == [
        "services.proxy.ports: 8180 is published here too, which stack.yaml says of web"
    ]


# --- whose a port is ---


def test_two_stacks_cannot_have_one_port_of_a_host(tmp_path: Path) -> None:
    ocr, mill = keeping(tmp_path, WEB), keeping(tmp_path, LOCAL, name="mill")
    doors = doors_of_stacks([ocr, mill])
    assert [str(one) for one in taken_doors(claims(mill), doors)] == [
        "the port 8180 of the host belongs to ocr prod (its stack file)"
    ]
    assert [*shared_doors(doors)] == [
        "the port 127.0.0.1:8180 of the host is claimed by mill prod, ocr prod",
        "the port 8180 of the host is claimed by mill prod, ocr prod",
    ]


def test_another_port_address_or_host_is_another_door(tmp_path: Path) -> None:
    ocr = keeping(tmp_path, LOCAL)
    for prod in (
        {"kept_ports": [LOCAL | {"address": "10.0.0.5"}]},
        {"kept_ports": [WEB | {"host_port": 8181}]},
        {"kept_ports": [LOCAL], "host": "other"},
    ):
        mill = stack(tmp_path, name="mill", prod=prod)
        assert taken_doors(claims(mill), doors_of_stacks([ocr, mill])) == []
    assert not are_one_property(port_at("", 8180), "ocr.8180.back._network")


@pytest.mark.parametrize(
    ("address", "theirs", "is_held"),
    [
        ("", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "10.0.0.5", False),
    ],
)
def test_who_has_a_port_at_one_address_has_it_for_all(
    address: str, theirs: str, is_held: bool
) -> None:
    one = Occupant("1", "mill-web-1", "mill", "web", (), frozenset({(theirs, 8180)}), {})
    assert holders(HostPort(address, 8180, "/"), [one]) == ([one] if is_held else [])
    assert holders(HostPort(address, 8181, "/"), [one]) == []


def test_a_port_that_another_environment_keeps_is_said_to_be_its_own() -> None:
    labels = {"tidegate.forwards-to": "mill/prod"}
    one = Occupant("1", "edge-port-8180-ab12", "", "", (), frozenset({("", 8180)}), labels)
    assert one.whose.startswith("mill/prod, which keeps its ports")


# --- what the edge and its forwarders are told ---


def route(tmp_path: Path, *lines: dict[str, Any], known: tuple[dict[str, Any], ...] = ()) -> Route:
    made = keeping(tmp_path, *lines, prod={"known_as": [*known]})
    prod = made.environments["prod"]
    doors = doors_of_slot(made, prod, "ocr-prod-3")
    hosts = taken_hosts(made.services, prod)
    slot = Target(3, doors[0].url, doors=doors)
    return Route("ocr", "prod", hosts, (slot,), None, None, 7, "/health", https=False)


def test_a_slot_has_a_door_for_each_port_that_only_forwarders_come_by(tmp_path: Path) -> None:
    told = route(tmp_path, WEB, LOCAL | {"host_port": 80})
    assert known_names(told.targets[0]) == [
        HostPort("", 8180, "/health"),
        HostPort("127.0.0.1", 80, "/health"),
    ]
    http = yaml.safe_load(traefik_config(told))["http"]
    public = [one for one in http["routers"].values() if "._port" in one["rule"]]
    asked = [
        http["middlewares"][one["middlewares"][1]]["headers"]["customRequestHeaders"]
        for one in public
        if one["entryPoints"] == ["web"]
    ]
    assert all(
        one["middlewares"][0] == f"{FORWARDERS_ONLY}@file"
        for one in public
        if one["entryPoints"] == ["web"]
    )
    assert asked == [{"Host": "localhost:8180"}, {"Host": "127.0.0.1"}]
    assert whole_names(told.domains) == ["ocr.example"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    two = OCR | {"port": 9000, "ready_path": "/admin"}
    told = route(tmp_path, WEB, LOCAL | {"host_port": 8181}, known=(OCR, two))
    assert read_route(traefik_config(told)) == told


def test_a_name_with_its_ports_has_one_forwarder_and_each_port_of_the_host_its_own() -> None:
    first, second = (KnownName("ocr", "back", port, "/") for port in (8080, 9000))
    other, here, there = (
        KnownName("ocr", "front", 8080, "/"),
        HostPort("", 8180, "/"),
        HostPort("127.0.0.1", 8181, "/"),
    )
    assert together([first, here, other, second, there]) == [
        (first, second),
        (here,),
        (other,),
        (there,),
    ]
    entry_points = [one for one in flags_for([first, second]) if ".address=" in one]
    assert entry_points == [
        "--entrypoints.called-8080.address=:8080",
        "--entrypoints.called-9000.address=:9000",
    ]
    http = yaml.safe_load(forwarding([first, second], IPv4Network("172.20.0.0/16")))["http"]
    hosts = [
        http["middlewares"][one["middlewares"][0]]["headers"]["customRequestHeaders"]["Host"]
        for one in http["routers"].values()
    ]
    assert hosts == [first.host, second.host]

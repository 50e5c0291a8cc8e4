"""`known_as` of a stack file: what is read and refused, and whose a name on a network is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.plans import a_plan
from tidegate.edge.doors import Claim, claims_of, doors_of_stacks, shared_doors, taken_doors
from tidegate.edge.hosts import on_network
from tidegate.errors import StackFileError
from tidegate.pages.stages import plan_page
from tidegate.stack.file import Stack, load_stack
from tidegate.stack.known_as import network_faults
from tidegate.stack.routes import addresses

OCR = {"service": "web", "name": "ocr-service", "network": "Back_net.v2"}
WEB = {"name": "web", "image": "acme/web", "port": 8080, "ready_path": "/health"}
API = {"name": "api", "image": "acme/api"}
PROD = {
    "kind": "production",
    "after": "nothing",
    "compose_files": ["compose.yaml"],
    "env_file": ".env",
    "image_alias": "latest",
    "domains": ["ocr.example"],
}
STAGING = PROD | {"kind": "staging", "domains": ["staging.ocr.example"], "after": None}


def stack(folder: Path, *lines: dict[str, Any], name: str = "ocr", **changed: Any) -> Stack:
    """Its production is known by these lines; `staging` changes its staging."""
    staging = STAGING | {"domains": [f"staging.{name}.example"]} | changed.pop("staging", {})
    prod = PROD | {"known_as": [*lines], "domains": [f"{name}.example"]} | changed.pop("prod", {})
    content = {
        "name": name,
        "title": name,
        "source": {"repository": "."},
        "services": [WEB, API],
        "smoke": [{"name": "home", "path": "/"}],
        "environments": {"prod": prod, "staging": staging},
    } | changed
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "stack.yaml").write_text(yaml.safe_dump(content))
    return load_stack(folder / name)


def claims(one: Stack, environment: str = "prod") -> list[Claim]:
    return claims_of(one, environment, one.environments[environment].shares_names_with)


# --- the stack file ---


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (OCR | {"service": "db"}, "known_as[0].service: no released service 'db'"),
        (OCR | {"service": "api"}, "services[1]: api is behind the edge and needs a port"),
        (OCR | {"name": "ocr.service"}, "environments.prod.known_as[0].name: must be one word"),
        (OCR | {"name": "Ocr"}, "environments.prod.known_as[0].name: must be one word"),
        (OCR | {"network": "a b"}, "environments.prod.known_as[0].network: must be a network"),
        (OCR | {"host_port": 8180}, "environments.prod.known_as[0].host_port: unknown key"),
        ({"service": "web", "name": "ocr"}, "environments.prod.known_as[0].network: is missing"),
    ],
)
def test_a_fault_is_named_by_its_path(tmp_path: Path, line: dict[str, Any], said: str) -> None:
    with pytest.raises(StackFileError) as refused:
        stack(tmp_path, line)
    assert said in str(refused.value)


def test_one_name_has_one_line_on_each_network_of_a_host(tmp_path: Path) -> None:
    stack(tmp_path, OCR, OCR | {"network": "front"}, OCR | {"name": "reader"})
    with pytest.raises(StackFileError, match=r"known_as\[1\]: ocr-service on Back_net.v2 is there"):
        stack(tmp_path, OCR, OCR | {"port": 8080, "ready_path": "/"})
    with pytest.raises(StackFileError, match=r"ocr-service on Back_net\.v2 is a name of prod too"):
        stack(tmp_path, OCR, staging={"known_as": [OCR]})
    stack(tmp_path, OCR, staging={"known_as": [OCR], "host": "other"})


def test_a_service_that_only_other_stacks_call_says_port_and_ready_path(tmp_path: Path) -> None:
    line = OCR | {"service": "api", "port": 9000, "ready_path": "/ready"}
    assert stack(tmp_path, line).callings[0].port == 9000
    api = API | {"port": 9000, "ready_path": "/ready"}
    stack(tmp_path, OCR | {"service": "api"}, services=[WEB, api])
    with pytest.raises(StackFileError, match=r"services\[1\].port: nothing reads it"):
        stack(tmp_path, services=[WEB, api])


def test_the_plan_and_the_approval_page_say_by_which_names_it_is_called(tmp_path: Path) -> None:
    made = stack(tmp_path, OCR)
    prod = made.environments["prod"]
    where = addresses(made.services, made.routes, prod)
    assert where == ("ocr.example", "ocr-service:8080 (Back_net.v2) → web:8080")
    page = plan_page(replace(a_plan(), addresses=where), "en")
    assert "ocr-service:8080 (Back_net.v2)" in page


# --- the compose files ---


def model(**services: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "ocr-prod",
        "services": services,
        "networks": {"back": {"name": "Back_net.v2", "external": True}, "default": {}},
    }


def test_a_service_is_known_only_where_the_compose_files_put_it(tmp_path: Path) -> None:
    lines = stack(tmp_path, OCR).environments["prod"].known_as
    assert [*network_faults(model(web={"networks": {"back": None}}), lines)] == []
    assert [*network_faults(model(web={"networks": {"default": None}}), lines)] == [
        "services.web.networks: Back_net.v2 is none of them, and stack.yaml says that it is known "
        "there as ocr-service"
    ]
    own = stack(tmp_path, OCR | {"network": "ocr-prod_default"}).environments["prod"].known_as
    assert [*network_faults(model(web={"networks": {"default": None}}), own)] == []


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("ocr-service", {"networks": {"back": None}}),
        ("proxy", {"networks": {"back": {"aliases": ["ocr-service"]}}}),
        ("proxy", {"networks": {"back": None}, "container_name": "ocr-service"}),
    ],
)
def test_no_other_service_of_the_stack_has_the_name_there(
    tmp_path: Path, name: str, service: dict[str, Any]
) -> None:
    lines = stack(tmp_path, OCR).environments["prod"].known_as
    web: dict[str, Any] = {"networks": {"back": None}, "container_name": "ocr-service"}
    assert [*network_faults(model(web=web, **{name: service}), lines)] == [
        f"services.{name}: is called ocr-service on Back_net.v2 too, which stack.yaml says of web"
    ]
    elsewhere = service | {"networks": {"default": None}}
    assert [*network_faults(model(web=web, **{name: elsewhere}), lines)] == []


# --- whose a name is ---


def test_two_stacks_cannot_have_one_name_on_one_network(tmp_path: Path) -> None:
    ocr, mill = stack(tmp_path, OCR), stack(tmp_path, OCR, name="mill")
    doors = doors_of_stacks([ocr, mill])
    assert [str(one) for one in taken_doors(claims(mill), doors)] == [
        "the name ocr-service on the network back_net.v2 belongs to ocr prod (its stack file)"
    ]
    assert [*shared_doors(doors)] == [
        "the name ocr-service on the network back_net.v2 is claimed by mill prod, ocr prod"
    ]


@pytest.mark.parametrize("change", [{"network": "front"}, {"name": "reader"}])
def test_another_name_or_network_is_another_door(tmp_path: Path, change: dict[str, str]) -> None:
    ocr, mill = stack(tmp_path, OCR), stack(tmp_path, OCR | change, name="mill")
    assert taken_doors(claims(mill), doors_of_stacks([ocr, mill])) == []


def test_each_host_has_networks_of_its_own(tmp_path: Path) -> None:
    ocr = stack(tmp_path, OCR)
    mill = stack(tmp_path, OCR, name="mill", prod={"host": "other"})
    assert taken_doors(claims(mill), doors_of_stacks([ocr, mill])) == []


def test_a_name_is_not_shared_with_whom_host_names_are(tmp_path: Path) -> None:
    names = {"domains": ["shop.example"]}
    ocr = stack(tmp_path, OCR, prod=names | {"shares_names_with": ["mill"]})
    mill = stack(
        tmp_path,
        OCR,
        name="mill",
        prod=names | {"shares_names_with": ["ocr"]},
        routes=[{"path": "/mill", "service": "web"}],
        smoke=[{"name": "home", "path": "/mill"}],
    )
    taken = taken_doors(claims(mill), doors_of_stacks([ocr, mill]))
    assert [on_network(one.host)[0] for one in taken] == ["ocr-service"]

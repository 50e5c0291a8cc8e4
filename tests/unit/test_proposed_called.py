"""What `tidegate init` proposes of names and ports by which others call an application."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.proposal.called import names_called, ports_called
from tidegate.proposal.look import Look, Repository

CHECK = {"test": ["CMD", "curl", "-f", "http://localhost:8080/health"]}
NETWORKS = {"back": {"external": True, "name": "Back_net"}, "own": {}}


def look(**services: dict[str, Any]) -> Look:
    model = {"services": services, "networks": NETWORKS}
    return Look("shop", "/srv/shop", Repository("x", "main"), (), model, {}, {}, frozenset())


WEB = {"container_name": "ocr", "networks": ["back", "own"]}
API = {"expose": ["8080"], "healthcheck": CHECK}


def test_a_fixed_name_on_a_network_of_others_is_one_that_others_call() -> None:
    api = API | {"networks": {"back": {"aliases": ["reader"]}}}
    assert names_called(look(web=WEB, api=api), ["web", "api"]) == [
        {"service": "web", "name": "ocr", "network": "Back_net"},
        {
            "service": "api",
            "name": "reader",
            "network": "Back_net",
            "port": 8080,
            "ready_path": "/health",
        },
    ]


@pytest.mark.parametrize(
    "web",
    [
        WEB | {"networks": ["own"]},
        WEB | {"container_name": "ocr${SUFFIX:-}"},
        {"networks": ["back"]},
        {},
    ],
)
def test_what_is_not_fixed_or_not_shared_is_not_proposed(web: dict[str, Any]) -> None:
    assert names_called(look(web=web), ["web"]) == []


def test_a_service_whose_page_nobody_knows_is_not_proposed() -> None:
    api = {"expose": ["8080"], "container_name": "api", "networks": ["back"], "ports": ["1:8080"]}
    assert names_called(look(web={}, api=api), ["web", "api"]) == []
    assert ports_called(look(web={}, api=api), ["web", "api"]) == []


@pytest.mark.parametrize(
    ("port", "line"),
    [
        ("8180:8080", {"host_port": 8180}),
        ("127.0.0.1:8180:8080/tcp", {"host_port": 8180, "address": "127.0.0.1"}),
        ({"published": "8180", "target": 8080, "protocol": "tcp"}, {"host_port": 8180}),
        ({"published": 8180, "target": 8080, "host_ip": "10.0.0.5"},
         {"host_port": 8180, "address": "10.0.0.5"}),
        ("${PORT:-8180}:8080", None),
        ("8180:8080/udp", None),
        ("8180-8190:8080-8090", None),
        ("8080", None),
        ("8180:9000", None),
    ],
)  # fmt: skip
def test_a_port_of_a_service_that_people_do_not_come_to_is_one_that_others_call(
    port: Any, line: dict[str, Any] | None
) -> None:
    services = look(web={"ports": ["80:8000"]}, api=API | {"ports": [port]})
    where = {"port": 8080, "ready_path": "/health"}
    assert ports_called(services, ["web", "api"]) == (
        [{"service": "api", **line, **where}] if line else []
    )

"""Where people come in, at which port, and where the database is: read in the files of an
application."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.proposal.databases import databases_of
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.doors import ports_of, ready_path_of
from tidegate.proposal.front_files import with_leads
from tidegate.proposal.look import Look, Repository
from tidegate.proposal.roles import leads_to_others
from tidegate.proposal.seen import other_doors, route_hints


@pytest.mark.parametrize(
    ("said", "port"),
    [
        ("8000", 8000),
        ("80:8000", 8000),
        ("127.0.0.1:80:8000/tcp", 8000),
        ("${PORT:-80}:8000", 8000),
        ("80:${INNER:-3000}", 3000),
        ({"target": 9000, "published": "80"}, 9000),
        ({"target": 51820, "published": "51820", "protocol": "udp"}, None),
        ("53:53/udp", None),
        ("8000-8005:8000-8005", None),
        ("80:${INNER}", None),
    ],
)
def test_the_port_is_that_inside_the_container(said: object, port: int | None) -> None:
    assert ports_of({"ports": [said]}, Dockerfile()) == ((port,) if port else ())


def test_another_door_is_asked_at_the_page_of_its_own_health_check() -> None:
    check = {"test": "wget -qO- http://127.0.0.1:4000/healthz || exit 1"}
    services = {
        "web": {},
        "api": {"expose": ["4000"], "healthcheck": check},
        "ws": {"expose": ["4001"], "healthcheck": check},
    }
    look = Look(
        "shop", "/shop", Repository("x", "main"), (), {"services": services}, {}, {}, frozenset()
    )
    found = other_doors(look, ["web", "api", "ws"])
    assert found == {"api": (4000, "/healthz"), "ws": (4001, "/")}
    [_, line] = route_hints("web", found)
    assert "service: api, port: 4000, ready_path: /healthz}" in line


def test_what_is_published_says_more_than_what_is_exposed() -> None:
    assert ports_of({"ports": ["80:1"], "expose": ["2"]}, Dockerfile(ports=(3,))) == (1,)
    assert ports_of({"expose": ["2"]}, Dockerfile(ports=(3,))) == (2,)
    assert ports_of({}, Dockerfile(ports=(3,))) == (3,)


@pytest.mark.parametrize(
    ("address", "said", "ports"),
    [
        ("http://localhost:8069/web/health", ["8069", "8072"], (8069,)),
        ("http://localhost:3000", [], (3000,)),
        ("http://localhost/up", [], (80,)),
        ("http://localhost:${PORT:-8000}/up", [], (8000,)),
        ("http://localhost:${PORT}/up", [], ()),
        ("http://localhost:${PORT}/up", ["1", "2"], (1, 2)),
        ("http://localhost:9/up", ["1", "2"], (1, 2)),
        ("https://localhost/up", [], ()),
    ],
)
def test_of_several_ports_and_of_none_the_health_check_says_which(
    address: str, said: list[str], ports: tuple[int, ...]
) -> None:
    service = {"expose": said, "healthcheck": {"test": ["CMD", "curl", "-f", address]}}
    assert ports_of(service, Dockerfile()) == ports


def test_a_port_that_is_said_counts_before_the_health_check() -> None:
    check = {"test": "curl http://localhost:9/up"}
    assert ports_of({"ports": ["80:1"], "healthcheck": check}, Dockerfile()) == (1,)


def test_a_front_that_starts_after_others_leads_to_them() -> None:
    nginx = {"image": "nginx:1.27-alpine", "depends_on": {"web": {}}}
    assert leads_to_others(nginx, ["web"])
    assert not leads_to_others(nginx, ["api"])
    assert not leads_to_others({**nginx, "image": "acme/web"}, ["web"])


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("location / { proxy_pass http://web; }", True),
        ("upstream a { server web:8000; }", True),
        ("example.com {\n reverse_proxy web:8000\n}", True),
        ("fastcgi_pass unix:/run/web.sock;", False),
        ("root /var/www/web;", False),
        ("server my-web:80;", False),
    ],
)
def test_a_front_leads_to_the_services_that_its_configuration_names(text: str, leads: bool) -> None:
    services = {"gate": {"image": "nginx:1.27"}, "web": {"build": {"context": "."}}}
    made = with_leads({"services": services}, lambda _: text)["services"]
    assert leads_to_others(made["gate"], ["web"]) is leads
    assert made["web"] == services["web"]


@pytest.mark.parametrize("base", ["php:8.3-fpm-alpine", "bitnami/php-fpm:8.3"])
def test_the_port_of_php_fpm_speaks_no_http(base: str) -> None:
    assert ports_of({}, Dockerfile(base, (9000,))) == ()
    assert ports_of({"expose": ["9000", "8080"], "image": base}, Dockerfile()) == (8080,)
    assert ports_of({}, Dockerfile("golang:1.22", (9000,))) == (9000,)


@pytest.mark.parametrize(
    ("test", "path"),
    [
        (["CMD", "curl", "-f", "http://localhost:8000/healthz"], "/healthz"),
        ("wget -q http://127.0.0.1/up || exit 1", "/up"),
        (["CMD-SHELL", "curl http://localhost:${PORT}/a/b;true"], "/a/b"),
        (["CMD", "curl", "http://localhost:1"], "/"),
        (["CMD", "pg_isready"], "/of-the-dockerfile"),
        ("NONE", "/of-the-dockerfile"),
    ],
)
def test_the_ready_page_is_the_one_that_the_health_check_asks(test: object, path: str) -> None:
    file = Dockerfile(healthcheck="CMD curl http://localhost/of-the-dockerfile")
    assert ready_path_of({"healthcheck": {"test": test}}, file) == path


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("postgresql://u:${P}@pg:5432/shop", "URL"),
        ("postgres://u:${P:?}@${PGHOST:-x}/shop", "URL"),
        ("postgres://u:p@${OTHER:-db}:${PORT:-1}/shop", "URL"),
        ("postgres://u:p@elsewhere/shop", ""),
        ("redis://u:p@${OTHER}/0", ""),
        ("http://db/", ""),
    ],
)
def test_the_one_address_of_a_database_is_known_by_its_host(address: str, key: str) -> None:
    web = {"PGHOST": "${PGHOST:-pg}", "URL": address}
    model: dict[str, Any] = {
        "services": {"web": {"environment": web}, "db": {"container_name": "pg"}}
    }
    [one] = databases_of(model, ["web"], {"web": "", "db": "postgres:16"})
    assert one.url_key == key
    assert key not in one.keys.values()

"""What `tidegate check` tells of a release beforehand: lost ports, two writers, tunnels, copies,
data that no volume keeps."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.plan.release_risks import (
    copied_in_use,
    kept_nowhere,
    left_ports,
    past_the_edge,
    two_writers,
)


def volume(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "volume", "source": name, "target": f"/{name}", **more}


def port(target: int, published: str, protocol: str = "tcp") -> dict[str, Any]:
    return {"target": target, "published": published, "protocol": protocol}


def texts(found: Any) -> list[str]:
    return [text for text, _ in found]


def test_each_published_port_that_the_edge_does_not_lead_to_is_named() -> None:
    ports = [port(3000, "3000"), port(22, "222"), port(51820, "51820", "udp")]
    [text] = texts(left_ports({"server": {"ports": ports}}, ["server"], {("server", 3000)}))
    assert text.startswith("services.server.ports: the ports 222, 51820/udp are left out")


def test_of_a_port_for_tls_it_is_said_where_tls_ends() -> None:
    ports = [port(22, "222"), port(443, "443"), port(8443, "443", "udp")]
    found = [*left_ports({"nginx": {"ports": ports}}, ["nginx"], set())]
    assert [
        (text.split(" are")[0].split(" is")[0], "ends TLS" in to_do) for text, to_do in found
    ] == [
        ("services.nginx.ports: the port 222", False),
        ("services.nginx.ports: the ports 443, 443/udp", True),
    ]


def test_a_port_that_is_routed_kept_or_of_the_base_is_not_named() -> None:
    services = {"web": {"ports": [port(80, "8080")]}, "db": {"ports": [port(5432, "5432")]}}
    assert texts(left_ports(services, ["web"], {("web", 80)})) == []
    [text] = texts(left_ports(services, ["web"], set()))
    assert text.startswith("services.web.ports: the port 8080 is left out")


def bind(source: str) -> dict[str, Any]:
    return {"type": "bind", "source": source, "target": "/data"}


def test_a_volume_that_one_foreign_service_alone_writes_into_is_named() -> None:
    services = {
        "store": {"volumes": [volume("rows"), volume("seen", read_only=True)]},
        "saver": {"volumes": [volume("rows", read_only=True), volume("media")]},
        "web": {"volumes": [volume("media")]},
    }
    [text] = texts(two_writers(services, ["store", "saver"]))
    assert text.startswith("services.store.volumes: two of it write into rows while")


def test_a_vendor_s_application_that_keeps_files_may_have_to_be_replaced_in_place() -> None:
    """It cannot leave `services`, as a database can: people are sent to it."""
    mounts = [volume("home"), bind("/srv/shop/files"), bind("/srv/shop/nginx")]
    services = {"n8n": {"volumes": mounts}, "web": {}}
    data = {"/srv/shop/files": "./files"}
    [(text, to_do)] = two_writers(services, ["n8n", "web"], ["n8n", "web"], data)
    assert text.startswith("services.n8n.volumes: two of it write into home, ./files while")
    assert "replaced in place" in to_do
    assert "take it out" not in to_do


def test_a_released_tunnel_is_named() -> None:
    services = {"way": {"image": "ngrok/ngrok:3"}, "web": {"image": "acme/web"}}
    [text] = texts(past_the_edge(services, ["way", "web"]))
    assert text.startswith("services.way.image: a tunnel that is released leads the public")


def test_a_saved_volume_of_a_server_that_nobody_can_dump_is_named() -> None:
    services = {
        "mongo": {"image": "mongo:7", "volumes": [volume("docs")]},
        "cache": {"image": "redis:7", "volumes": [volume("keys")]},
        "files": {"image": "acme/files:1", "volumes": [volume("media")]},
    }
    saved = ["docs", "keys", "media"]
    [text] = texts(copied_in_use(services, [*services], saved))
    assert text.startswith("services.mongo.volumes: docs is copied while the server writes")
    assert texts(copied_in_use(services, [*services], [])) == []


def at(target: str, source: str = "rows", kind: str = "volume") -> dict[str, Any]:
    return {"type": kind, "source": source, "target": target}


PG = "/var/lib/postgresql/data"


@pytest.mark.parametrize(
    ("image", "rest"),
    [
        ("postgres:16", {}),
        ("mongo:7", {"volumes": [{"type": "volume", "target": "/data/db"}]}),
        ("mysql:8", {"volumes": [at("/docker-entrypoint-initdb.d", "/srv/init", "bind")]}),
        ("mysql:8", {"volumes": [at("/etc/mysql/conf.d/my.cnf", "/srv/my.cnf", "bind")]}),
        ("acme/postgres", {"volumes": [at("/backups")], "tmpfs": ["/tmp", "/run/postgresql"]}),
        ("postgres:16", {"volumes": [at("/var/run/postgresql")]}),
        ("rabbitmq:3-management", {}),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.1", {"volumes": [at("/usr/share/x")]}),
        ("elasticsearch:8", {"volumes": [at("/usr/share/elasticsearch/plugins")]}),
        # the volume of the image itself lies over these
        ("postgres:16", {"volumes": [at("/var/lib", "/srv/lib", "bind")]}),
        ("postgres:17.2-alpine", {"volumes": [at("/var/lib/postgresql")]}),
        ("timescale/timescaledb:2.14.1-pg16", {"volumes": [at("/var/lib/postgresql")]}),
        ("mongo:7", {"volumes": [at("/data")]}),
        ("postgres:18", {"volumes": [at(PG)]}),
        ("postgres:16", {"volumes": [at(PG)], "environment": {"PGDATA": "/rows/16"}}),
        ("linuxserver/mariadb", {"volumes": [at("/config/custom.cnf", "/srv/my.cnf", "bind")]}),
    ],
)
def test_a_server_whose_data_is_in_no_volume_with_a_name_is_named(
    image: str, rest: dict[str, Any]
) -> None:
    [text] = texts(kept_nowhere({"db": {"image": image, **rest}}, ["db"], {}))
    assert text.startswith("services.db: no volume that has a name keeps /")


@pytest.mark.parametrize(
    ("image", "rest"),
    [
        ("postgres:16", {"volumes": [at(PG)]}),
        ("postgres:18", {"volumes": [at("/var/lib/postgresql")]}),
        ("postgres", {"volumes": [at("/var/lib/postgresql")]}),
        ("pgvector/pgvector:pg17", {"volumes": [at(PG)]}),
        ("postgres:16", {"volumes": [at(f"{PG}/16")], "environment": {"PGDATA": f"{PG}/16/x"}}),
        ("mysql:8", {"volumes": [at("/d")], "command": ["--datadir=/d"]}),
        ("mssql/server:2022", {"volumes": [at("/var/opt/mssql")]}),
        ("timescale/timescaledb-ha:pg16", {"volumes": [at("/home/postgres")]}),
        ("postgres:16", {"volumes": [at("/rows")], "environment": {"PGDATA": "/rows/16"}}),
        ("postgres:16", {"tmpfs": [f"{PG}:size=64m"]}),
        ("postgres:16", {"volumes": [{"type": "tmpfs", "target": PG}]}),
        ("postgres:16", {"volumes_from": ["data"]}),
        ("bitnami/postgresql", {"volumes": [at("/bitnami/postgresql")]}),
        ("elasticsearch", {"volumes": [at("/usr/share/elasticsearch/data")]}),
        ("redis:7", {}),
        ("nats:2", {}),
        ("eclipse-mosquitto", {}),
        ("prometheuscommunity/postgres-exporter", {}),
        ("nginx", {}),
    ],
)
def test_what_is_kept_or_may_be_lost_is_not_named(image: str, rest: dict[str, Any]) -> None:
    assert texts(kept_nowhere({"db": {"image": image, **rest}}, ["db"], {})) == []


def test_a_database_of_the_stack_file_is_named_whatever_its_image_is_called() -> None:
    services = {"db": {"image": "acme/rows", "build": {"context": "."}}, "web": {"image": "a"}}
    [text] = texts(kept_nowhere(services, ["db", "web"], {"db": "postgresql"}))
    assert text.startswith("services.db: ")

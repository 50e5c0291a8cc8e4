"""What a release starts anew and what lives once, where only the compose file tells it."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.proposal.asked_for import asked_for
from tidegate.proposal.images import tag_of
from tidegate.proposal.known_images import engine_of, keeps_data
from tidegate.proposal.roles import ends, roles_of, runs_alone

BUILT: dict[str, Any] = {"build": {"context": "."}}


def roles(**services: Any) -> dict[str, str]:
    return dict(roles_of({"services": services}, {}))


@pytest.mark.parametrize(
    "image",
    [
        "prodrigestivill/postgres-backup-local",
        "prometheuscommunity/postgres-exporter",
        "fradelg/mysql-cron-backup",
        "rediscommander/redis-commander",
        "mongo-express",
        "provectuslabs/kafka-ui",
    ],
)
def test_what_works_on_a_database_is_none(image: str) -> None:
    assert (engine_of(image), keeps_data(image)) == (None, False)


@pytest.mark.parametrize(
    "image",
    [
        "mcr.microsoft.com/mssql/server",
        "cassandra",
        "confluentinc/cp-kafka",
        "cockroachdb/cockroach",
        "eclipse-mosquitto",
        "mysql/mysql-server",
        "bitnami/postgresql-repmgr",
        "redis/redis-stack-server",
    ],
)
def test_servers_of_data_are_known_by_their_images(image: str) -> None:
    assert keeps_data(image)


def test_a_backup_of_a_vendors_database_lives_once() -> None:
    backup = {"image": "fradelg/mysql-cron-backup:1.13", "depends_on": {"db": {}}}
    found = roles(wp={"image": "wordpress:6.5"}, db={"image": "mariadb:11"}, dbbackup=backup)
    assert found == {"wp": "released", "db": "base", "dbbackup": "base"}


@pytest.mark.parametrize("image", ["rediscommander/redis-commander", "mongo-express:1"])
def test_a_tool_that_looks_into_a_database_is_left_out(image: str) -> None:
    tool = {"image": image, "depends_on": {"data": {}}}
    assert roles(web=BUILT, data={"image": "mongo:7"}, tool=tool)["tool"] == "left out"


@pytest.mark.parametrize("image", ["cloudflare/cloudflared:2025.6.0", "ngrok/ngrok:3"])
def test_a_tunnel_that_would_lead_past_the_edge_is_left_out(image: str) -> None:
    assert roles(web=BUILT, way={"image": image, "depends_on": {"web": {}}})["way"] == "left out"


def test_the_only_published_front_goes_with_the_application() -> None:
    caddy = {"image": "caddy:2", "ports": [{"target": 80}]}
    assert roles(web=BUILT, caddy=caddy)["caddy"] == "released"
    published = {**BUILT, "ports": [{"target": 8000}]}
    assert roles(web=published, caddy=caddy)["caddy"] == "base"


def test_a_job_of_a_migration_tool_is_released_with_what_waits_for_it() -> None:
    """The base would not repeat it for a version with a new migration."""
    job = {"image": "migrate/migrate:v4.17.0", "command": ["up"], "depends_on": {"db": {}}}
    waits = {"depends_on": {"job": {"condition": "service_completed_successfully"}}}
    found = roles(web={**BUILT, **waits}, job=job, db={"image": "postgres:16"})
    assert found == {"web": "released", "job": "released", "db": "base"}
    assert ends(job, "job")
    assert roles(web=BUILT, tool={**job, "restart": "always"})["tool"] == "base"


def test_a_scheduler_by_its_image_runs_alone() -> None:
    assert runs_alone({"image": "mcuadros/ofelia:0.3"}, "jobs")


def test_what_has_a_published_port_runs_alone_by_its_command_only() -> None:
    ports = [{"target": 8001}]
    assert not runs_alone({"command": "uvicorn backup:app", "ports": ports}, "backup-api")
    assert runs_alone({"command": "backup"}, "backup")
    assert runs_alone({"command": "celery -A app beat", "ports": ports}, "beat")


def test_a_profile_is_asked_for_where_something_that_starts_needs_its_service() -> None:
    services: dict[str, Any] = {
        "web": {"depends_on": {"cache": {}, "mail": {"required": False}}},
        "cache": {"profiles": ["redis", "all"], "depends_on": ["disk"]},
        "disk": {"profiles": ["disk"]},
        "mail": {"profiles": ["mail"]},
    }
    model, profiles = asked_for({"services": services}, {})
    assert ([*model["services"]], profiles) == (["web", "cache", "disk"], ("disk", "redis"))


@pytest.mark.parametrize(
    ("image", "tag"),
    [("acme/api:${V:-1.0.0}", "1.4.0"), ("acme/api:${W:-1.0.0}", "1.0.0"), ("acme/api:${W}", "")],
)
def test_the_version_is_that_of_the_teams_env_file_before_a_default(image: str, tag: str) -> None:
    services: dict[str, Any] = {"api": {"image": image}}
    assert tag_of("api", ["api"], services, {"V": "1.4.0"}) == tag

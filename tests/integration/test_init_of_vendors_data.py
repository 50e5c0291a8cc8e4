"""`tidegate init` for a vendor's application whose databases have images that nobody knows, and what
`tidegate check` says of such a stack file."""

from __future__ import annotations

from pathlib import Path

from tests.integration.newcomers import Newcomer, begun, cloned
from tests.integration.written_stacks import written
from tidegate.stack.file import load_stack

ERP = """
services:
  app: {image: "acme/erp:4.2.1", ports: ["8080:8080"], depends_on: [sqlserver, vectors]}
  sqlserver:
    image: mcr.microsoft.com/mssql/server:2022-latest
    ports: ["1433:1433"]
    volumes: [mssql:/var/opt/mssql]
  vectors: {image: "chromadb/chroma:0.5.5", volumes: [chroma:/chroma/chroma]}
  llm: {image: "ollama/ollama:0.3.6", volumes: [ollama:/data]}
  watcher: {image: "vendor/watcher:2", volumes: [seen:/seen], depends_on: [app]}
  render: {image: "vendor/render:3"}
volumes: {mssql: {}, chroma: {}, ollama: {}, seen: {}}
"""


def test_a_vendors_service_with_a_volume_of_its_own_lives_once(tmp_path: Path) -> None:
    clone, stack, _ = written(tmp_path, {"compose.yaml": ERP})
    released = {one.name: one.alone for one in stack.services}
    assert released == {"app": False, "render": False, "watcher": True}
    assert {*stack.state.volumes} == {"mssql", "chroma", "ollama", "seen"}
    comments = [one for one in (clone / "stack.yaml").read_text().splitlines() if "# Seen" in one]
    assert [one for one in comments if "sqlserver. Its volume is copied while it writes" in one]


def test_parts_of_one_version_stay_together_with_their_volumes(tmp_path: Path) -> None:
    compose = """
services:
  server: {image: "acme/photos:${TAG:-2}", ports: ["80:2283"], volumes: [library:/data]}
  vision: {image: "acme/photos-vision:${TAG:-2}", volumes: [models:/cache]}
volumes: {library: {}, models: {}}
"""
    _, stack, _ = written(tmp_path, {"compose.yaml": compose})
    assert [(one.name, one.alone) for one in stack.services] == [
        ("server", False),
        ("vision", False),
    ]


def test_only_a_service_that_speaks_http_is_at_the_edge(tmp_path: Path) -> None:
    compose = """
services:
  home: {image: "acme/home:2025.6", volumes: ["./config:/config"]}
  mosquitto: {image: "eclipse-mosquitto:2", ports: ["1883:1883"], volumes: ["./mosquitto:/mosquitto"]}
"""
    clone = cloned(Newcomer({"compose.yaml": compose}, 0, (), (), 0), tmp_path)
    begun(clone, port="8123")
    [home] = load_stack(clone).services
    assert (home.name, home.port) == ("home", 8123)


def test_what_is_not_started_and_what_leads_past_the_edge_is_said_in_a_comment(
    tmp_path: Path,
) -> None:
    compose = """
services:
  huey: {build: ., command: work}
  web: {build: ., ports: ["8000:8000"]}
  tunnel: {image: "cloudflare/cloudflared:2025.6.0", depends_on: [web]}
  seed: {build: ., profiles: [tools]}
  db: {image: "postgres:16", environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}}
"""
    files = {"compose.yaml": compose, "Dockerfile": "FROM python:3.12\n", "manage.py": ""}
    clone, stack, _ = written(tmp_path, files)
    text = (clone / "stack.yaml").read_text()
    assert stack.left_out == ("tunnel",)
    assert "nobody asks for the profile: seed (tools)." in text
    assert "# Left out: tunnel would lead the public to one version" in text
    assert "{tool: django, service: web, database: main," in text


def test_a_caddy_that_alone_is_published_is_at_the_edge_with_its_caddyfile(tmp_path: Path) -> None:
    compose = """
services:
  caddy:
    image: caddy:2
    ports: ["80:80", "443:443", "443:443/udp"]
    volumes: ["./Caddyfile:/etc/caddy/Caddyfile", "certificates:/data"]
  web: {build: ., expose: ["8000"]}
volumes: {certificates: {}}
"""
    files = {"compose.yaml": compose, "Dockerfile": "FROM python:3.12\n", "Caddyfile": ":80 {}\n"}
    _, stack, _ = written(tmp_path, files)
    assert [(one.name, one.port) for one in stack.services] == [("caddy", 80), ("web", None)]
    assert stack.state.read_only == ("./Caddyfile",)


def test_a_migration_job_is_released_with_the_files_that_it_applies(tmp_path: Path) -> None:
    """Nothing of the source is in its image, so the mount hides nothing."""
    compose = """
services:
  app:
    build: .
    ports: ["8080:8080"]
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate:
    image: migrate/migrate:v4.17.0
    command: ["-path", "/migrations", "up"]
    volumes: ["./migrations:/migrations"]
    depends_on: [db]
  db: {image: "postgres:16", environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}}
"""
    files = {
        "compose.yaml": compose,
        "Dockerfile": "FROM golang:1.22\n",
        "migrations/1_first.up.sql": "CREATE TABLE bills (id INT);\n",
    }
    _, stack, _ = written(tmp_path, files)
    assert [one.name for one in stack.services] == ["app", "migrate"]
    assert (stack.one_shots, stack.state.read_only) == (("migrate",), ("./migrations",))

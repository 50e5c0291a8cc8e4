"""Compose applications of kinds that people run, as they are before anybody has heard of
Tidegate."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.init import init

PYTHON_WEB = """
FROM python:3.12-slim AS base
WORKDIR /app
COPY . .
FROM base
EXPOSE 8000
HEALTHCHECK --interval=10s \\
  CMD curl -fsS http://localhost:8000/healthz || exit 1
CMD ["python", "app.py"]
"""
POSTGRES = """
  db:
    image: postgres:16-alpine
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: "${DB_PASSWORD}", POSTGRES_DB: shop}
    volumes: ["db-data:/var/lib/postgresql/data"]
"""


@dataclass(frozen=True)
class Newcomer:
    """`files` are the repository; `lines` are how long its stack file becomes, `asked` what must be
    asked."""

    files: Mapping[str, str]
    lines: int
    asked: tuple[str, ...]
    released: tuple[str, ...]
    port: int
    databases: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    places: tuple[str, ...] = ("staging",)
    risks: tuple[str, ...] = ()
    """What `check` tells of it: each begins so."""


WEB_AND_DB = Newcomer(
    {
        "Dockerfile": PYTHON_WEB,
        "compose.yaml": f"""
services:
  web:
    build: .
    ports: ["${{PORT:-8000}}:8000"]
    depends_on: [db]
    environment:
      DATABASE_HOST: db
      DATABASE_URL: postgres://shop:${{DB_PASSWORD}}@db/shop
      SECRET_KEY: ${{SECRET_KEY:?set it}}
      GREETING: ${{GREETING:-hello}}
    volumes: ["uploads:/app/uploads"]
{POSTGRES}
volumes: {{db-data: {{}}, uploads: {{}}}}
""",
        "compose.override.yaml": "services: {web: {volumes: ['.:/app']}}\n",
    },
    lines=11,
    asked=("title", "domain"),
    released=("web",),
    port=8000,
    databases=("postgresql",),
    volumes=("uploads",),
)

WITH_AN_EXTENSION = replace(
    WEB_AND_DB,
    files={
        **WEB_AND_DB.files,
        "compose.yaml": WEB_AND_DB.files["compose.yaml"].replace(
            "image: postgres:16-alpine", "build: ./db"
        ),
        "db/Dockerfile": "FROM postgres:16\nRUN apt-get install -y postgresql-16-pgvector\n",
    },
)

FRONTEND_AND_API = Newcomer(
    {
        "frontend/Dockerfile": "FROM node:20 AS build\nRUN npm run build\nFROM nginx:1.27\nEXPOSE 80\n",
        "api/Dockerfile": "FROM golang:1.22 AS build\nFROM gcr.io/distroless/base\nEXPOSE 9000\n",
        "docker-compose.yml": """
services:
  frontend:
    build: ./frontend
    ports: ["80:80"]
  api:
    build: {context: ./api, target: ""}
    environment: [MYSQL_HOST=mysql, "MYSQL_PASSWORD=${MYSQL_PASSWORD}", "MYSQL_USER=app"]
  mysql:
    image: mysql:8.0
    environment:
      MYSQL_DATABASE: app
      MYSQL_USER: app
      MYSQL_PASSWORD: ${MYSQL_PASSWORD}
      MYSQL_ROOT_PASSWORD: ${MYSQL_ROOT_PASSWORD}
    volumes: [mysql:/var/lib/mysql]
volumes: {mysql: }
""",
        "docker-compose.prod.yml": "services:\n  frontend: {restart: always}\n",
    },
    lines=13,
    asked=("title", "ready-path", "domain"),
    released=("frontend", "api"),
    port=80,
    databases=("mysql",),
    places=("staging", "prod"),
)

WORKER_AND_BEAT = Newcomer(
    {
        "Dockerfile": "FROM python:3.12\nEXPOSE 5000\n",
        ".env.example": "DJANGO_SECRET_KEY=change-me\nREDIS_URL=redis://redis:6379/0\nDEBUG=0\nMAIL_KEY=\n",
        "docker-compose.yml": """
x-app: &app
  build: .
  image: acme/tasks
  environment:
    DJANGO_SECRET_KEY: ${DJANGO_SECRET_KEY}
    REDIS_URL: ${REDIS_URL}
    MAIL_KEY: ${MAIL_KEY}
    DB_HOST: ${DB_HOST:-db}
services:
  web: {<<: *app, command: gunicorn app, ports: ["8000:5000"]}
  worker: {<<: *app, command: celery -A app worker}
  beat: {<<: *app, command: celery -A app beat}
  redis: {image: "redis:7", volumes: ["cache:/data"]}
"""
        + POSTGRES
        + "volumes: {db-data: , cache: }\n",
    },
    lines=13,
    asked=("title", "ready-path", "domain"),
    released=("web", "worker", "beat"),
    port=5000,
    databases=("postgresql",),
)

VENDOR = Newcomer(
    {
        "compose.yml": """
services:
  wiki:
    image: requarks/wiki:2.5
    ports: ["3000:3000"]
    environment: {DB_TYPE: postgres, DB_HOST: db, DB_USER: shop, DB_PASS: "${DB_PASSWORD}", DB_NAME: shop}
    healthcheck: {test: ["CMD", "wget", "-qO-", "http://127.0.0.1:3000/healthz"]}
    volumes: ["files:/wiki/data"]
"""
        + POSTGRES
        + "volumes: {db-data: , files: }\n"
    },
    lines=10,
    asked=("title", "domain"),
    released=("wiki",),
    port=3000,
    databases=("postgresql",),
    volumes=("files",),
    risks=("services.wiki.volumes: two of it write into files while a release runs",),
)

PHP_AND_NGINX = Newcomer(
    {
        "Dockerfile": "FROM php:8.3-fpm\nEXPOSE 9000\n",
        "nginx.conf": "server { listen 80; location / { fastcgi_pass app:9000; } }\n",
        "docker-compose.yml": """
services:
  app:
    build: .
    environment: {DB_HOST: mariadb, DB_PASSWORD: "${DB_PASSWORD}"}
  nginx:
    image: nginx:1.27-alpine
    depends_on: [app]
    ports: ["8080:80"]
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
  mariadb:
    image: mariadb:11
    environment: {MARIADB_DATABASE: blog, MARIADB_USER: blog, MARIADB_PASSWORD: "${DB_PASSWORD}"}
    volumes: ["data:/var/lib/mysql"]
volumes: {data: }
""",
    },
    lines=12,
    asked=("title", "ready-path", "domain"),
    released=("nginx", "app"),
    port=80,
    databases=("mysql",),
)

NEWCOMERS = {
    "web and database": WEB_AND_DB,
    "web and a database that is built": WITH_AN_EXTENSION,
    "frontend, api and database": FRONTEND_AND_API,
    "worker and beat": WORKER_AND_BEAT,
    "a vendor's image": VENDOR,
    "php-fpm and nginx": PHP_AND_NGINX,
}


def cloned(newcomer: Newcomer, folder: Path) -> Path:
    """A clone, as a person has it who has just typed `git clone`."""
    origin, clone = folder / "origin", folder / "my-shop"
    for name, text in newcomer.files.items():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        (origin / name).write_text(text)
    git = (
        "git",
        "-c",
        "user.name=Mei",
        "-c",
        "user.email=mei@example.com",
        "-c",
        "init.defaultBranch=trunk",
    )
    for words in (
        ("init", "-q"),
        ("add", "-A"),
        ("commit", "-q", "-m", "First"),
        ("tag", "v1.2.0"),
        ("tag", "v1.10.0"),
    ):
        subprocess.run([*git, "-C", str(origin), *words], check=True, timeout=30)
    subprocess.run([*git, "clone", "-q", str(origin), str(clone)], check=True, timeout=30)
    return clone


def begun(folder: Path, **answers: str) -> dict[str, Any]:
    """As `tidegate init --json` answers."""
    given = {name.replace("_", "-"): answer for name, answer in answers.items()}
    written = init(folder, given, Console(quiet=True), asks=False, quiet=True)
    assert written is not None
    return written


PARCELS = Newcomer(
    {
        "Dockerfile": "FROM python:3.12\nEXPOSE 5000\n",
        ".env": "POSTGRES_PASSWORD=the-developers-own-9\n",
        "compose.yaml": """
services:
  web: {build: ., env_file: .env, environment: {POSTGRES_HOST: db}}
  seed: {build: ., profiles: [tools], command: seed}
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD}", POSTGRES_USER: app, POSTGRES_DB: app}
    volumes: ["rows:/var/lib/postgresql/data"]
volumes: {rows: }
""",
    },
    lines=0,
    asked=(),
    released=("web",),
    port=5000,
)

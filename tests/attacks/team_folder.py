"""A team's folder that uses every way in which Compose takes something from another file, and what
a release makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tidegate.plan.resolved import ResolvedConfiguration, resolve
from tidegate.plan.sealed_files import content_hash, files_of
from tidegate.stack.envfile import read_env
from tidegate.stack.file import Stack, load_stack

KEY = b"k" * 32
COMPOSE = Compose(DockerHost(), redact=str)  # it looks once which `docker compose` there is
PASSWORD = "Tr0ub4dor-and-3"
LOGIN = {
    "host_key": "DB_HOST",
    "user_key": "DB_USER",
    "password_key": "DB_PASSWORD",
    "database_key": "DB_NAME",
}
FILES: Mapping[str, Any] = {
    "compose.yaml": {
        "include": ["shared.yaml"],
        "services": {
            "web": {
                "extends": {"file": "common.yaml", "service": "base"},
                "env_file": ["web.env"],
                "image": "acme/web",
                "environment": {"LEVEL": "${LEVEL}"},
                "secrets": ["token"],
                "build": {"context": "./src", "args": {"COLOUR": "blue"}},
                "volumes": ["./nginx.conf:/etc/nginx.conf:ro", "./conf.d:/etc/conf.d:ro"],
            }
        },
        "secrets": {"token": {"file": "./token.txt"}},
    },
    "shared.yaml": {"services": {"cache": {"image": "redis:7"}}},
    "common.yaml": {"services": {"base": {"user": "1000"}}},
    "stack.yaml": {
        "name": "quay",
        "title": "Quay",
        "source": {"repository": "git.example/quay"},
        "services": [{"name": "web", "image": "acme/web", "port": 8000, "ready_path": "/ready"}],
        "databases": [{"engine": "mysql", "service": "cache", **LOGIN}],
        "migrations": [
            {"tool": "alembic", "service": "web", "database": "main", "directory": "/app"}
        ],
        "state": {"databases": ["main"]},
        "smoke": [{"name": "home", "contains": "Quay"}],
        "environments": {
            "prod": {
                "kind": "production",
                "compose_files": ["compose.yaml"],
                "env_file": ".env.production",
                "approval": True,
                "domains": ["quay.localhost"],
                "image_alias": "latest",
            }
        },
    },
    ".env.production": "LEVEL=INFO\n",
    "web.env": f"GREETING=hello\nWEB_PASSWORD={PASSWORD}\n",
    "nginx.conf": "server {}\n",
    "conf.d/a.conf": "a\n",
    "token.txt": "t0ken\n",
    "src/Dockerfile": "FROM scratch\n",
}


def made_in(place: Path) -> Path:
    """A team's folder that uses every way in which Compose takes something from another file."""
    for name, content in FILES.items():
        file = place / "quay" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        )
    return place / "quay"


def read(folder: Path) -> tuple[Stack, dict[str, str], dict[str, Any]]:
    """The stack file, the env and what `docker compose config` makes of the compose files: as a
    release reads them."""
    stack = load_stack(folder)
    values = read_env(folder / ".env.production")
    return stack, values, COMPOSE.read([folder / "compose.yaml"], values, "quay-prod")


def resolved(folder: Path) -> ResolvedConfiguration:
    stack, values, model = read(folder)
    files = {
        name: content_hash(file)
        for name, file in files_of(model, stack.folder, model["services"]).items()
    }
    return resolve(
        stack=stack, environment="prod", values=values, model=model, files=files, key=KEY
    )


def within(name: str, *path: str | int, to: Any) -> Callable[[Path], None]:
    """An edit of one value in a YAML file."""

    def edit(folder: Path) -> None:
        content = yaml.safe_load((folder / name).read_text())
        place = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))

    return edit


def text(name: str, content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(content)
